// Several nodes that want one cold blob: one fetches it, and the others wait for that, but not for long and not in vain.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { formatFetchNote } from "../../src/proxy/fetch-note.ts";
import { type TurnOptions, takeTurn } from "../../src/proxy/fetch-turn.ts";
import { usualTurnTimes } from "../../src/proxy/turn-times.ts";
import { blobKey } from "../../src/registry/layout.ts";
import type { Claim, NodeClaims } from "../../src/storage/claims.ts";
import { transfersPlace } from "../../src/storage/places.ts";
import { openMemory } from "../storage/memory.ts";
import { named, refusalOf } from "./caching.ts";
import { digestOf, fail, type MisbehavingUpstream, startUpstream } from "./misbehaving-upstream.ts";
import { openCacheNodes, until } from "./nodes.ts";

const blob = new Uint8Array(randomBytes(300_000));
const digest = digestOf(blob);
const name = "team/app";

const fetches = (upstream: MisbehavingUpstream) => upstream.asked().filter((line) => line.startsWith("GET"));
const outcomesOf = (nodes: ReturnType<typeof openCacheNodes>["nodes"]) =>
  nodes.flatMap(({ events }) => events.flatMap((event) => (event.kind === "waited" ? [event.outcome] : [])));

describe("of several nodes that want a cold blob", () => {
  test("one fetches it for all clients of all of them, and nothing is left of its claim", async () => {
    await using upstream = await startUpstream();
    upstream.addBlob(blob);
    using opened = openCacheNodes(upstream, { count: 3 });
    const { nodes, engine } = opened;
    const gate = Promise.withResolvers<void>();
    upstream.behave(async () => {
      await gate.promise;
      return false;
    });
    const pulls = nodes.flatMap((node) => Array.from({ length: 10 }, () => node.pull(digest)));
    await until(() => opened.looks(digest) > 4);
    gate.resolve();
    const digests = new Set((await Promise.all(pulls)).map((bytes) => digestOf(bytes)));
    expect([digests, fetches(upstream)]).toEqual([new Set([digest]), [`GET /v2/${name}/blobs/${digest}`]]);
    expect(outcomesOf(nodes)).toEqual(["stored", "stored"]);
    await until(() => !engine.keys().some((key) => key.startsWith(transfersPlace)));
  });

  test("another one fetches it if its holder died, once its claim has lapsed", async () => {
    await using upstream = await startUpstream();
    upstream.addBlob(blob);
    using opened = openCacheNodes(upstream, { count: 3 });
    const { nodes, engine } = opened;
    const [one, two, three] = nodes;
    const note = JSON.stringify({ name, arrivedBytes: 0 });
    await one?.claims.take(opened.claimKey(digest), note);
    const pulls = [two, three].map(async (node) => await node?.pull(digest));
    await until(() => opened.looks(digest) > 4);
    const before = fetches(upstream).length;
    engine.nowMs += 10_000;
    const pulled = await Promise.all(pulls);
    expect([before, fetches(upstream).length, pulled.map((bytes) => digestOf(bytes ?? ""))]).toEqual([
      0,
      1,
      [digest, digest],
    ]);
    expect(outcomesOf(nodes).sort()).toEqual(["stored", "taken over"]);
  });

  test("a holder that wakes after its claim was taken over does no harm, and leaves the other's claim alone", async () => {
    await using upstream = await startUpstream();
    upstream.addBlob(blob);
    using opened = openCacheNodes(upstream, { count: 2 });
    const { nodes, engine } = opened;
    const [one, two] = nodes;
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    upstream.behave(async () => {
      await gates[upstream.requests.length - 1]?.promise;
      return false;
    });
    const first = one?.pull(digest);
    await until(() => upstream.requests.length === 1);
    const second = two?.pull(digest);
    await until(() => opened.looks(digest) > 1);
    engine.nowMs += 10_000;
    await until(() => upstream.requests.length === 2);
    gates[0]?.resolve();
    const early = digestOf((await first) ?? "");
    const asked = (method: string) =>
      engine.requests.filter((request) => request.method === method && request.key === opened.claimKey(digest)).length;
    // Created, refused, refused, taken over; and what the first holder tries before it would remove its own.
    await until(() => asked("PUT") === 5);
    gates[1]?.resolve();
    const late = digestOf((await second) ?? "");
    await until(() => !engine.keys().includes(opened.claimKey(digest)));
    expect([early, late, outcomesOf(nodes), asked("DELETE")]).toEqual([digest, digest, ["taken over"], 1]);
  });

  test("each fetches by itself while the store takes no claims, or tells of none", async () => {
    for (const method of ["PUT", "GET"]) {
      await using upstream = await startUpstream();
      upstream.addBlob(blob);
      using opened = openCacheNodes(upstream, { count: 2 });
      const { nodes, engine } = opened;
      engine.fault = (request) =>
        request.method === method && request.key === opened.claimKey(digest)
          ? { kind: "refused", status: 503, code: "SlowDown" }
          : undefined;
      const gate = Promise.withResolvers<void>();
      upstream.behave(async () => {
        await gate.promise;
        return false;
      });
      const pulls = nodes.map(async (node) => digestOf(await node.pull(digest)));
      await until(() => upstream.requests.length === 2);
      gate.resolve();
      expect([method, await Promise.all(pulls)]).toEqual([method, [digest, digest]]);
    }
  });

  test("nobody waits for longer than the bound, though the holder lives", async () => {
    await using upstream = await startUpstream();
    upstream.addBlob(blob);
    using opened = openCacheNodes(upstream, { count: 2, turnTimes: { waitMs: 1000 } });
    const [one, two] = opened.nodes;
    const note = JSON.stringify({ name, arrivedBytes: 0 });
    await one?.claims.take(opened.claimKey(digest), note);
    expect([digestOf((await two?.pull(digest)) ?? ""), outcomesOf(opened.nodes)]).toEqual([digest, ["fetched"]]);
  });

  test("nobody waits for what is known to take longer", async () => {
    await using upstream = await startUpstream();
    upstream.addBlob(blob);
    using opened = openCacheNodes(upstream, { count: 2 });
    const [one, two] = opened.nodes;
    const note = JSON.stringify({ name, bytesPerSecond: 500_000, arrivedBytes: 1_000_000, totalBytes: 1_000_000_000 });
    await one?.claims.take(opened.claimKey(digest), note);
    expect([digestOf((await two?.pull(digest)) ?? ""), opened.looks(digest)]).toEqual([digest, 1]);
  });
});

describe("takeTurn()", () => {
  const inTurn = async (options: TurnOptions, work: () => Promise<string>) => (await takeTurn(options))(work());
  const turn = (claims: Pick<NodeClaims, "take" | "look">) => ({
    ...{ store: { ...openMemory(), claims, now: Date.now, uuid: () => "" }, name: named(name), report: () => {} },
    origin: { digest, upstream: "http://up.example/", expectedBytes: undefined },
    turnTimes: { ...usualTurnTimes, waitMs: 20 },
    confirm: async () => {},
    progress: { arrivedBytes: 0, totalBytes: undefined },
    signal: new AbortController().signal,
  });
  const held = {
    holder: "node 1",
    note: formatFetchNote({ name, arrivedBytes: 0, totalBytes: undefined }),
  };

  test("does the work although the store does not answer, and gives back a claim that it gets too late", async () => {
    const late = Promise.withResolvers<Claim>();
    const done = await inTurn(turn({ take: () => late.promise, look: async () => undefined }), async () => "done");
    const ended = Promise.withResolvers<string>();
    const end = async () => ended.resolve("ended");
    late.resolve({ lifetimeMs: 1000, renew: async () => {}, end });
    expect([done, await ended.promise]).toEqual(["done", "ended"]);
  });

  test("does the work although the holder's claim cannot be looked at, or says nothing that is understood", async () => {
    const never = new Promise<undefined>(() => {});
    const outcomes = [
      await inTurn(turn({ take: async () => ({ ...held, state: "held" }), look: () => never }), async () => "unseen"),
      await inTurn(
        turn({ take: async () => ({ ...held, note: "?", state: "held" }), look: () => never }),
        async () => "odd",
      ),
    ];
    expect(outcomes).toEqual(["unseen", "odd"]);
  });

  test("waits for nobody once nobody wants the blob", async () => {
    const wanted = new AbortController();
    const take = async () => {
      wanted.abort();
      return { ...held, state: "held" } as const;
    };
    const options = { ...turn({ take, look: async () => "nobody" }), signal: wanted.signal };
    expect(await inTurn({ ...options, turnTimes: usualTurnTimes }, async () => "done")).toBe("done");
  });
});

describe("if the upstream fails the node that fetches", () => {
  test.each([
    [429, "UPSTREAM_LIMITED"],
    [404, "BLOB_UNKNOWN"],
  ])("with %p, those that wait are told, and it is asked once", async (status, code) => {
    await using upstream = await startUpstream();
    using opened = openCacheNodes(upstream, { count: 3 });
    upstream.behave(async (_request, response) => {
      await until(() => opened.looks(digest) > 4);
      fail(response, status, { "Retry-After": "7" });
      return true;
    });
    const refusals = await Promise.all(opened.nodes.map((node) => refusalOf(node.pull(digest))));
    expect([refusals, upstream.requests.length]).toEqual([[code, code, code], 1]);
    // Whoever comes later asks by himself: it may be otherwise by then.
    upstream.addBlob(blob);
    upstream.behave(undefined);
    const { nodes } = opened;
    if (status === 404) expect(digestOf((await nodes[2]?.pull(digest)) ?? "")).toBe(digest);
  });

  test("as if it could not be reached, the next one tries", async () => {
    await using upstream = await startUpstream();
    upstream.addBlob(blob);
    using opened = openCacheNodes(upstream, { count: 2 });
    let failures = 0;
    upstream.behave(async (request) => {
      await until(() => opened.looks(digest) > 2);
      failures += 1;
      if (failures > 4) return false;
      request.socket.destroy();
      return true;
    });
    const [one, two] = opened.nodes;
    const first = refusalOf(one?.pull(digest) ?? Promise.reject());
    await until(() => upstream.requests.length > 0);
    const second = two?.pull(digest);
    expect([await first, digestOf((await second) ?? ""), failures]).toEqual(["UPSTREAM_UNREACHABLE", digest, 5]);
  });

  test("what comes for one repository goes to another one that has it too, by the upstream's word", async () => {
    await using upstream = await startUpstream();
    upstream.addBlob(blob);
    using opened = openCacheNodes(upstream, { count: 3 });
    const [one, two, three] = opened.nodes;
    upstream.behave(async ({ method, url = "" }, response) => {
      if (url.includes("/denied/")) {
        fail(response, 404);
        return true;
      }
      if (method === "GET") await until(() => opened.looks(digest) > 6);
      return false;
    });
    const first = one?.pull(digest);
    await until(() => upstream.requests.length > 0);
    const second = two?.pull(digest, "team/other");
    const third = refusalOf(three?.pull(digest, "team/denied") ?? Promise.reject());
    await third;
    expect([digestOf((await first) ?? ""), digestOf((await second) ?? ""), await third]).toEqual([
      digest,
      digest,
      "BLOB_UNKNOWN",
    ]);
    expect(upstream.asked().toSorted()).toEqual(
      [
        `GET /v2/team/app/blobs/${digest}`,
        `GET /v2/team/denied/blobs/${digest}`,
        `HEAD /v2/team/denied/blobs/${digest}`,
        `HEAD /v2/team/other/blobs/${digest}`,
      ].toSorted(),
    );
  });
});

test("what a cold pull asks the bucket for, and what it asks if another node fetches", async () => {
  await using upstream = await startUpstream();
  upstream.addBlob(blob);
  using opened = openCacheNodes(upstream, { count: 2 });
  const { engine, nodes } = opened;
  const [one, two] = nodes;
  const count = async (work: () => Promise<unknown>) => {
    engine.requests.length = 0;
    await work();
    await until(() => !engine.keys().includes(opened.claimKey(digest)));
    // Marks of damage are listed every few seconds, whatever is asked.
    const requests = engine.requests.filter(({ query }) => query.get("prefix")?.endsWith("/damaged/") !== true);
    const ofClaims = requests.filter(({ key }) => key === opened.claimKey(digest)).length;
    return { ofClaims, others: requests.length - ofClaims };
  };
  const cold = await count(async () => await one?.pull(digest));
  const warm = await count(async () => await two?.pull(digest));
  await two?.store.objects.delete(blobKey(digest));
  const note = JSON.stringify({ name, arrivedBytes: 0 });
  const dead = await one?.claims.take(opened.claimKey(digest), note);
  const waited = await count(async () => {
    const pull = two?.pull(digest);
    await until(() => opened.looks(digest) === 2);
    await two?.store.objects.put(blobKey(digest), blob);
    if (dead !== undefined && "end" in dead) await dead.end();
    await pull;
  });
  expect({ cold, warm, waited: waited.others }).toEqual({
    cold: { ofClaims: 2, others: 13 },
    warm: { ofClaims: 0, others: 4 },
    // One of them is the test's own. How often it looks for the claim depends on how long it waits.
    waited: 22 + 1,
  });
});
