// Whoever reads a stranger's text takes a time that grows with its length, and no faster: a megabyte of anything costs
// a moment, not the server.

import { expect, test } from "bun:test";
import { parseTrustTarget } from "../src/cli/trust/target.ts";
import { addressKind } from "../src/client/address-kind.ts";
import { parseChallenge } from "../src/client/challenge.ts";
import {
  parseLength,
  parseNextLink,
  parsePartRange,
  parseRemaining,
  parseRetryAfter,
} from "../src/client/upstream-answer.ts";
import { parseListenAddress } from "../src/config/listen-address.ts";
import { parseRegistryUrl } from "../src/config/proxy-section.ts";
import { allowsRange, matchesNone } from "../src/http/conditional.ts";
import { applyNamespace, formatWarning } from "../src/http/namespace.ts";
import { parsePageQuery } from "../src/http/pagination.ts";
import { parseChunkRange, parseRanges } from "../src/http/range.ts";
import { parseRoute } from "../src/http/route.ts";
import { parseDuration } from "../src/lib/duration.ts";
import { parseStrictJson } from "../src/lib/json.ts";
import { compileNameGlob } from "../src/lib/name-glob.ts";
import { parseRate, parseSize } from "../src/lib/size.ts";
import { parseSubjectName } from "../src/lib/subject-names.ts";
import { trimTrailingSlashes } from "../src/lib/trailing-slashes.ts";
import { createLogger, type LogFormat } from "../src/log/logger.ts";
import { parseDescriptor } from "../src/oci/descriptor.ts";
import { parseAlgorithm, parseDigest } from "../src/oci/digest.ts";
import { parseManifest, storedMediaType } from "../src/oci/manifest.ts";
import { stripParameters } from "../src/oci/media-type.ts";
import { parseRepositoryName } from "../src/oci/name.ts";
import { parseReference, parseTag } from "../src/oci/reference.ts";
import { readStoredNamesInTurns } from "../src/oci/stored-names.ts";
import { findNamespaced, findUpstream } from "../src/proxy/routing.ts";
import { parseSchedulerState } from "../src/proxy/scheduler-state.ts";

const routes = {
  main: { host: "a.example" },
  others: [{ host: "b.example" }],
  local: ["team/**", "**/a/**/b*"].map(compileNameGlob),
};
const nameGlob = compileNameGlob("**/**a*/**b**/c");
/** Names are parsed before anybody looks where they lead. */
const longestName = 255;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const route = (method: string, path: string, query = "") =>
  parseRoute({ method, path, query: new URLSearchParams(query), prefix: "/" });
const log = (format: LogFormat, text: string) =>
  createLogger({ level: "info", format, write: () => undefined, now: Date.now }).info(text, { [text]: text });

/** Everything that reads what a client, an upstream, a neighbour on the disk or a configuration says. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  "a path": (text) => route("GET", text),
  "a path below v2": (text) => route("GET", `/v2/${text}`),
  "a name": (text) => route("GET", `/v2/${text}/tags/list`),
  "a reference": (text) => route("PUT", `/v2/a/manifests/${text}`),
  "an upload": (text) => route("PUT", `/v2/a/blobs/uploads/${text}`),
  "a method": (text) => route(text, "/v2/"),
  "a query": (text) => route("POST", "/v2/a/blobs/uploads/", text),
  "a mount": (text) => route("POST", "/v2/a/blobs/uploads/", `mount=${text}&from=${text}`),
  "many tags": (text) => route("PUT", `/v2/a/manifests/sha256:${"a".repeat(64)}`, `tag=${text}&`.repeat(3)),
  "an artifactType": (text) => route("GET", `/v2/a/referrers/sha256:${"a".repeat(64)}`, `artifactType=${text}`),
  "n and last": (text) => parsePageQuery(new URLSearchParams({ n: text, last: text })),
  ns: (text) => applyNamespace(route("GET", "/v2/a/tags/list"), new URLSearchParams({ ns: text }), () => undefined),
  Range: (text) => [parseRanges(text, 100), parseRanges(`bytes=${text}`, 100)],
  "Content-Range of a chunk": parseChunkRange,
  "If-None-Match": (text) => matchesNone(text, '"a"'),
  "If-Range": (text) => allowsRange(text, '"a"'),
  "Content-Type": stripParameters,
  "a warning": formatWarning,
  "a line of the log": (text) => [log("text", text), log("json", text), log("logstash", text)],
  "a repository name": parseRepositoryName,
  "a tag or a digest": (text) => [parseReference(text), parseTag(text), parseDigest(text), parseAlgorithm(text)],
  "a digest": (text) => parseDigest(`sha256:${text}`),
  "a descriptor": (text) => parseDescriptor({ mediaType: text, digest: text, size: 1, urls: [text], [text]: 1 }),
  "a manifest": (text) => parseManifest(bytesOf(text), text),
  "a manifest's type": (text) => {
    const bytes = bytesOf(JSON.stringify({ schemaVersion: 2, mediaType: text, config: {}, artifactType: text }));
    return [parseManifest(bytes, undefined), storedMediaType(bytes)];
  },
  "names in a manifest": async (text) => {
    await readStoredNamesInTurns(bytesOf(text));
    await readStoredNamesInTurns(bytesOf(`{"digest":"${text}"}`));
  },
  JSON: (text) =>
    [text, `{"${text}`, `["${text}"]`].map((each) =>
      parseStrictJson(bytesOf(each), { maxDepth: 100, maxValues: 1e9, maxDifferentKeys: 1e9, maxEscapes: 1e9 }),
    ),
  "an upstream's challenge": (text) => [text, `Bearer realm="${text}`, `Bearer ${text}`].map(parseChallenge),
  "an upstream's Link": (text) => [text, `<${text}`, `<a>; ${text}`].map(parseNextLink),
  "an upstream's Content-Range": (text) => [text, `bytes ${text}`].map(parsePartRange),
  "an upstream's Content-Length": parseLength,
  "an upstream's quota": parseRemaining,
  "an upstream's Retry-After": (text) => parseRetryAfter(text, 0),
  "an address": (text) => [addressKind(text), addressKind(`::${text}`), addressKind(`1.1.1.1${text}`)],
  "a route": (text) => findUpstream(routes, text.slice(0, longestName) as never),
  "a namespace": (text) => findNamespaced(routes, { ns: text, name: "a/b" as never }),
  "a name and a glob": (text) => nameGlob.match(text.slice(0, longestName)),
  "distribution's list of what is cached": parseSchedulerState,
  "a size": (text) => [parseSize(text), parseRate(text), parseSize(`1${text}`)],
  "a duration": parseDuration,
  "an address to listen on": parseListenAddress,
  "an upstream's address": (text) => [parseRegistryUrl(text), parseRegistryUrl(`https://a.example/${text}`)],
  "a name in a certificate": parseSubjectName,
  "a host to be trusted": parseTrustTarget,
  "slashes at the end": trimTrailingSlashes,
};

const pieces = ["<", " ", '"', "/", "a", "\\", 'a"'];
const morePieces = [
  ",",
  ".",
  "0",
  ":",
  "=",
  "%",
  "-",
  "[",
  "{",
  "\n",
  "\u0000",
  "é",
  '\\"',
  "a/",
  "a.",
  "a-",
  ", ",
  "a=",
  "a,",
  "0.",
  "%2",
  '<a>;rel="',
  "realm=",
  '"a":1,',
];

async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  try {
    await work();
  } catch {
    // A refusal is an answer.
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test.each(Object.entries(readers))("%s of a megabyte is read in a moment", async (_what, read) => {
  const timeOf = (piece: string, length: number) => cpuMs(() => read(piece.repeat(Math.ceil(length / piece.length))));
  // A machine that is slow, and counts lines, takes longer; but not more than in proportion to the text.
  const isInProportion = async (piece: string, length: number) => {
    const best = async (part: number) =>
      Math.min(await timeOf(piece, part), await timeOf(piece, part), await timeOf(piece, part));
    return (await best(length)) < 40 * (await best(length / 10));
  };
  const slowOf = async (texts: readonly string[], length: number, atMostMs: number) => {
    const slow: string[] = [];
    for (const piece of texts) {
      const ms = await timeOf(piece, length);
      const isQuick = ms < atMostMs || (ms < 25 * atMostMs && (await isInProportion(piece, length)));
      if (!isQuick) slow.push(piece);
    }
    return slow;
  };
  // A short text first: what is not linear would take minutes for a long one.
  expect(await slowOf([...pieces, ...morePieces], 20_000, 50)).toEqual([]);
  expect(await slowOf(pieces, 1_000_000, 400)).toEqual([]);
});
