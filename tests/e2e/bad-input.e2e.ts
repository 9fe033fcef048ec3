// Input that no honest client sends, over raw connections: each is answered with 4xx and the right code, nothing that
// was stored is lost, and memory stays flat.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openConnection, parseAnswer } from "../http/raw-connection.ts";
import { badFields, badJson, badSizes } from "./bad-manifests.ts";
import { type BadRequest, badHeaders, badMethods, badPaths, type Target } from "./bad-requests.ts";
import { badDigests, badQueries, badRanges } from "./bad-values.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf, openUpload, postBlob, pullImage, pushImage } from "./image.ts";
import { anonymousBytes, canReadMemory, grownBytesEach } from "./process-memory.ts";
import { waitUntil } from "./program.ts";

const groups = {
  paths: badPaths,
  methods: badMethods,
  headers: badHeaders,
  digests: badDigests,
  "query values": badQueries,
  ranges: badRanges,
  JSON: badJson,
  fields: badFields,
  sizes: badSizes,
} satisfies Record<string, (target: Target) => readonly BadRequest[]>;
const blob = new TextEncoder().encode('{"architecture":"amd64"}');

describe.each(["https", "http"])("over %s", (scheme) => {
  test.each(Object.entries(groups))("odd %s are answered as the table says", async (_name, group) => {
    await using registry = await startRegistry({ args: scheme === "http" ? ["--http"] : [] });
    const rows = group(await fill(registry));
    const outcomes: string[] = [];
    for (const row of rows) outcomes.push(`${await outcomeOf(registry, row)}: ${row.name}`);
    expect(outcomes).toEqual(rows.map(({ want, name }) => `${want}: ${name}`));
    await expectIntact(registry);
  });
});

describe.skipIf(!canReadMemory())("thousands of them", () => {
  const mebibyte = 1024 * 1024;
  const rowsOf = (target: Target) => Object.values(groups).flatMap((group) => group(target));

  test("leave what is stored alone, and memory where it was", async () => {
    await using registry = await startRegistry({ args: ["--http"] });
    // Large bodies come and go in waves of megabytes, in which a small leak would not be seen.
    const rows = rowsOf(await fill(registry)).filter(({ bytes }) => bytes.length < 100_000);
    // What the engine keeps for itself it has after the first rounds.
    await flood(registry, rows, 3);
    const grownBytes = await grownBytesEach(registry.pid, () => flood(registry, rows, 12));
    expect(grownBytes).toBeLessThan(8 * mebibyte);
    await expectIntact(registry);
  });

  test("with all of the large ones among them, leave memory bounded", async () => {
    await using registry = await startRegistry({ args: ["--http"] });
    const rows = rowsOf(await fill(registry)).filter(({ bytes }) => bytes.length >= 100_000);
    const seen: number[] = [];
    for (let round = 1; round <= 10; round += 1) {
      await flood(registry, rows, 3);
      seen.push(anonymousBytes(registry.pid));
    }
    console.log(`RssAnon: at most ${Math.max(...seen) / 1024} KiB in ${rows.length * 30} requests of up to 9 MiB`);
    expect(Math.max(...seen)).toBeLessThan(256 * mebibyte);
    await expectIntact(registry);
  });
});

describe("a body that is cut short", () => {
  const valid = JSON.stringify({ schemaVersion: 2, manifests: [] });
  const upload = `/v2/odd/blobs/uploads/?digest=${digestOf(new TextEncoder().encode(valid))}`;

  test.each([
    ["PUT", "/v2/odd/manifests/cut", `Content-Length: ${valid.length + 1}`, valid],
    ["PUT", "/v2/odd/manifests/cut", "Transfer-Encoding: chunked", `${valid.length.toString(16)}\r\n${valid}\r\n`],
    ["POST", upload, `Content-Length: ${valid.length + 1}`, valid],
    ["POST", upload, "Transfer-Encoding: chunked", `${valid.length.toString(16)}\r\n${valid}\r\n`],
  ])("%s %s with %s is not taken for the whole", async (method, path, framing, body) => {
    await using registry = await startRegistry({ args: ["--http"] });
    using connection = await openConnection({ port: registry.port });
    connection.send(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n\r\n${body}`);
    connection.end();
    expect(await connection.closed()).not.toContain(" 201 ");
    await waitUntil("the registry is done with it", () => registry.stderr().includes("client went away"));
    // Nothing that was begun is left over.
    expect(readdirSync(registry.data, { recursive: true, encoding: "utf8" }).filter(isContent)).toEqual([]);
    expect(await (await registry.fetch("/v2/_catalog")).json()).toEqual({ repositories: [] });
  });
});

function isContent(path: string): boolean {
  return /\/(data|link|startedat)$|\.tmp$/.test(path);
}

/** Stores an image, a blob and a session that the tables speak of. */
async function fill(registry: StartedRegistry): Promise<Target> {
  await pushImage(registry, "odd", { tag: "v1" });
  const posted = await postBlob(registry, "odd", blob);
  if (posted.status !== 201) throw new Error(`not stored: ${posted.status}`);
  const session = (await openUpload(registry, "odd")).replace(/\?.*/, "");
  return { name: "odd", blob: digestOf(blob), blobBytes: blob.length, session };
}

/** The image and the blob are served, no session was opened or lost, and the server found no fault of its own. */
async function expectIntact(registry: StartedRegistry): Promise<void> {
  await pullImage(registry, "odd", "v1");
  const pulled = await registry.fetch(`/v2/odd/blobs/${digestOf(blob)}`);
  expect(await pulled.bytes()).toEqual(blob);
  expect(await (await registry.fetch("/v2/_catalog")).json()).toEqual({ repositories: ["odd"] });
  const sessions = readdirSync(join(registry.data, "docker/registry/v2/repositories/odd/_uploads"));
  expect(sessions.length).toBe(1);
  const state = await registry.fetch(`/v2/odd/blobs/uploads/${sessions[0]}`);
  expect([state.status, state.headers.get("range")]).toEqual([204, "0-0"]);
  expect(registry.stderr()).not.toContain("level=error");
}

async function flood(registry: StartedRegistry, rows: readonly BadRequest[], rounds: number): Promise<void> {
  const queue = Array.from({ length: rounds }, () => rows).flat();
  const work = async () => {
    for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
      const outcome = await outcomeOf(registry, row);
      if (outcome !== row.want) throw new Error(`${row.name}: ${outcome} instead of ${row.want}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

/** How the row spells what came back. */
async function outcomeOf({ port, url, ca }: StartedRegistry, { bytes }: BadRequest): Promise<string> {
  const trusted = url.startsWith("https:") ? readFileSync(ca, "utf8") : undefined;
  using connection = await openConnection({ port, ca: trusted });
  connection.send(bytes);
  const text = await (Buffer.from(bytes).includes("Connection: close") ? connection.closed() : connection.answer());
  const { status, head, body } = parseAnswer(text);
  if (text === "") return "bun closes";
  if (status === 0) return `not an answer: ${text.slice(0, 200)}`;
  if (!/^x-request-id:/im.test(head)) return `bun ${status}${body === "" ? "" : ` with ${body.slice(0, 200)}`}`;
  if (status < 400) return String(status);
  return `${status} ${/^\{"errors":\[\{"code":"(\w+)","message":"./.exec(body)?.[1] ?? body.slice(0, 200)}`;
}
