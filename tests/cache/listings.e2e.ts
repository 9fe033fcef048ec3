// Lists of an upstream that has no end to them: the answer is bounded, and so is the memory that it takes.
import { describe, expect, test } from "bun:test";
import type { StartedRegistry } from "../e2e/executable.ts";
import { anonymousBytes, canReadMemory } from "../e2e/process-memory.ts";
import { type Behaviour, digestOf, startUpstream } from "../proxy/misbehaving-upstream.ts";
import { startCache } from "./caches.ts";

const mebibyte = 1024 * 1024;
const limitBytes = 256 * mebibyte;
const pageBytes = 7.9 * mebibyte;
const subject = digestOf("subject");
const hex = (page: number, index: number) => `${page}-${index}`.padStart(64, "0").replace("-", "f");

const maxPages = 30;

/** Pages that are all full, each with other items than the one before; they are made before anybody asks. */
function endless(field: string, itemAt: (page: number, index: number) => unknown): Behaviour {
  const pages: Buffer[] = [];
  const pageAt = (page: number) => {
    const sizeBytes = JSON.stringify(itemAt(page, 999_999)).length + 1;
    const items = Array.from({ length: Math.floor(pageBytes / sizeBytes) }, (_, index) => itemAt(page, index));
    return Buffer.from(JSON.stringify({ [field]: items }));
  };
  return ({ url = "" }, response) => {
    const asked = new URL(url, "http://upstream");
    const page = Number(/^page-(\d+)$/.exec(asked.searchParams.get("last") ?? "")?.[1] ?? 0);
    pages[page] ??= pageAt(page);
    if (page < maxPages) response.setHeader("Link", `<${asked.pathname}?last=page-${page + 1}>; rel="next"`);
    response.end(pages[page]);
    return true;
  };
}

const long = "x".repeat(100);
const lists: readonly (readonly [string, string, number, Behaviour])[] = [
  ["tags", "tags/list", 200, endless("tags", (page, index) => `${page}-${index}-${long}`)],
  ["more tags than anybody has", "tags/list", 502, endless("tags", (page, index) => (page * 1e6 + index).toString(36))],
  ["tags that are none", "tags/list", 502, endless("tags", () => [])],
  [
    "referrers",
    `referrers/${subject}`,
    200,
    endless("manifests", (page, index) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${hex(page, index)}`,
      size: 7,
      artifactType: "application/vnd.example",
      annotations: { long },
    })),
  ],
];

/** What the process holds at most, and how long others wait at most, while the work is under way. */
async function watch(cache: StartedRegistry, work: () => Promise<unknown>) {
  let [peakBytes, slowestMs, isDone] = [0, 0, false];
  const working = work().finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const startedMs = performance.now();
    await cache.fetch("/v2/");
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    peakBytes = Math.max(peakBytes, anonymousBytes(cache.pid));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { peakBytes, slowestMs, outcome: await working };
}

describe.skipIf(!canReadMemory())("a list without end", () => {
  test.each(lists)(
    "(%s) ends for several clients, in little memory, and nobody waits for it",
    async (_what, path, status, behaviour) => {
      await using upstream = await startUpstream();
      upstream.behave(behaviour);
      await using cache = await startCache(upstream);
      const askOnce = async (client: number) => {
        // Each for something else, so that they do not share the work.
        const response = await cache.fetch(`/v2/team/app/${path}${path.startsWith("tags") ? `?last=-${client}` : ""}`);
        const { length } = await response.bytes();
        return [response.status, length < 16 * mebibyte];
      };
      // Once for the pages to be made.
      await askOnce(0);
      const clients = Array.from({ length: 12 }, (_, client) => client);
      const { peakBytes, slowestMs, outcome } = await watch(cache, () => Promise.all(clients.map(askOnce)));
      const seen = `${Math.round(peakBytes / mebibyte)} MiB, others waited ${Math.round(slowestMs)} ms`;
      expect([peakBytes < limitBytes ? "" : seen, outcome]).toEqual(["", clients.map(() => [status, true])]);
      console.log(seen);
    },
  );
});
