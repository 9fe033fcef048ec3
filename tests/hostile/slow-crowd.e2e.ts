// Nine hundred clients that take their time, at once: heads that trickle, connections without a request, bodies that
// trickle. Others are served meanwhile as if they were alone.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { openUpload, postBlob, pullImage, pushImage } from "../e2e/image.ts";
import { anonymousBytes, canReadMemory } from "../e2e/process-memory.ts";
import { openConnection, type RawConnection } from "../http/raw-connection.ts";

const each = 300;
const goodRounds = 60;
const mebibyte = 1024 * 1024;

/** How each kind begins, and what it sends every second from then on; more of a body than `http.limits.bodyrate`. */
const kinds: readonly {
  readonly begin: (at: RawConnection, registry: StartedRegistry) => Promise<void>;
  readonly trickle: string;
}[] = [
  { begin: async (at) => at.send("GET /v2/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: "), trickle: "x" },
  { begin: async () => undefined, trickle: "" },
  {
    begin: async (at, registry) => {
      const { pathname } = new URL(await openUpload(registry, "slow"), registry.url);
      at.send(`PATCH ${pathname} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n`);
    },
    trickle: "x".repeat(1024),
  },
];

interface Crowd extends Disposable {
  /** How many are there. */
  size(): number;
}

/** Whoever is cut comes again. */
async function gather(registry: StartedRegistry, ca: string | undefined): Promise<Crowd> {
  const members = new Map<RawConnection, string>();
  let isOver = false;
  const join = async ({ begin, trickle }: (typeof kinds)[number]): Promise<void> => {
    const at = await openConnection({ port: registry.port, ca });
    await begin(at, registry);
    members.set(at, trickle);
    void at.closed().then(() => {
      members.delete(at);
      // The registry may have ended.
      if (!isOver) void join({ begin, trickle }).catch(() => undefined);
    });
  };
  await Promise.all(kinds.flatMap((kind) => Array.from({ length: each }, () => join(kind))));
  const timer = setInterval(() => {
    for (const [at, trickle] of members) if (trickle !== "") at.send(trickle);
  }, 1000);
  return {
    size: () => members.size,
    [Symbol.dispose]: () => {
      isOver = true;
      clearInterval(timer);
      for (const at of members.keys()) at[Symbol.dispose]();
    },
  };
}

/** Pulls and pushes; how long each request or image took, in order of length. */
async function serveOthers(registry: StartedRegistry): Promise<readonly number[]> {
  const times: number[] = [];
  const time = async (work: Promise<unknown>) => {
    const startedMs = performance.now();
    await work;
    times.push(performance.now() - startedMs);
  };
  for (let round = 0; round < goodRounds; round += 1) {
    await time(registry.fetch("/v2/"));
    await time(pullImage(registry, "good"));
    await time(postBlob(registry, "good", new TextEncoder().encode(`blob ${round}`)));
    await time(registry.fetch("/v2/good/tags/list"));
    await time(pushImage(registry, "good", { tag: `t${round}`, layerBytes: 10_000 }));
  }
  return times.toSorted((a, b) => a - b);
}

const at = (times: readonly number[], share: number) => times[Math.floor(times.length * share)] ?? 0;

describe.skipIf(!canReadMemory()).each(["http", "https"])("over %s", (scheme) => {
  test("900 slow clients do not make others wait", async () => {
    await using registry = await startRegistry({ args: scheme === "http" ? ["--http"] : [] });
    await pushImage(registry, "good");
    const alone = await serveOthers(registry);
    const beforeBytes = anonymousBytes(registry.pid);
    using crowd = await gather(registry, scheme === "http" ? undefined : readFileSync(registry.ca, "utf8"));
    const times = await serveOthers(registry);
    const heldBytes = anonymousBytes(registry.pid);
    const figures = (of: readonly number[]) => `p50 ${at(of, 0.5).toFixed(1)} ms, p99 ${at(of, 0.99).toFixed(1)} ms`;
    console.log(`over ${scheme}, alone: ${figures(alone)}; beside 900 slow clients: ${figures(times)}`);
    console.log(`RssAnon: ${Math.round(beforeBytes / mebibyte)} MiB, then ${Math.round(heldBytes / mebibyte)} MiB`);
    // But for those that are just coming again.
    expect(crowd.size()).toBeGreaterThan((kinds.length * each) / 2);
    expect(at(times, 0.99)).toBeLessThan(1000);
    expect(heldBytes).toBeLessThan(256 * mebibyte);
  });
});
