// A claim decides nothing: whatever becomes of it, and of the node that has it, every client gets the blob.
import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { formatFetchNote } from "../../src/proxy/fetch-note.ts";
import { blobKey } from "../../src/registry/layout.ts";
import { chanceOf, lots } from "../storage/s3/turns.ts";
import { refusalOf } from "./caching.ts";
import { digestOf, startUpstream } from "./misbehaving-upstream.ts";
import { openCacheNodes, until } from "./nodes.ts";

const blob = new Uint8Array(randomBytes(100_000));

test("every client gets the blob whatever becomes of the requests of claims", async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(blob);
    using opened = openCacheNodes(upstream, { count: 3, turnTimes: { waitMs: 100 } });
    const { engine, nodes } = opened;
    const chance = chanceOf(seed);
    engine.fault = ({ key }) => {
      if (key !== opened.claimKey(digest)) return undefined;
      if (chance.below(3) === 0) engine.nowMs += 3000;
      if (chance.below(4) === 0) void engine.arrive();
      return chance.below(2) === 0 ? lots[chance.below(lots.length)] : undefined;
    };
    const pulls = nodes.flatMap((node) => [node.pull(digest), node.pull(digest)]);
    const pulled = (await Promise.all(pulls)).map((bytes) => digestOf(bytes));
    expect([seed, new Set(pulled)]).toEqual([seed, new Set([digest])]);
  }
}, 60_000);

test("every client gets the blob though the bucket does not take it, from one node after the other", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(blob);
  using opened = openCacheNodes(upstream, { count: 3 });
  const { engine, nodes } = opened;
  engine.fault = ({ method, key }) =>
    method === "PUT" && key === blobKey(digest) ? { kind: "refused", status: 403, code: "AccessDenied" } : undefined;
  const pulled = await Promise.all(nodes.map(async (node) => digestOf(await node.pull(digest))));
  expect([pulled, engine.text(blobKey(digest))]).toEqual([[digest, digest, digest], undefined]);
  await until(() => !engine.keys().includes(opened.claimKey(digest)));
});

test("no client gets what comes for another repository while the upstream says that its own has no such blob", async () => {
  await using upstream = await startUpstream();
  using opened = openCacheNodes(upstream, { count: 2 });
  const digest = digestOf(blob);
  const [one, two] = opened.nodes;
  const note = formatFetchNote({ name: "team/app", arrivedBytes: 0, totalBytes: undefined });
  await one?.claims.take(opened.claimKey(digest), note);
  upstream.behave(async () => {
    await one?.store.objects.put(blobKey(digest), blob);
    return false;
  });
  expect(await refusalOf(two?.pull(digest, "team/other") ?? Promise.resolve())).toBe("BLOB_UNKNOWN");
  expect(upstream.asked()).toEqual([`HEAD /v2/team/other/blobs/${digest}`]);
});

test("a client that waits for another node has not left, so its download is not given up", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(blob);
  using opened = openCacheNodes(upstream, { count: 2, cache: { abandonMs: 1 } });
  const [one, two] = opened.nodes;
  const note = formatFetchNote({ name: "team/app", arrivedBytes: 0, totalBytes: undefined });
  const claim = await one?.claims.take(opened.claimKey(digest), note);
  const pull = two?.pull(digest);
  await until(() => opened.looks(digest) > 4);
  await one?.store.objects.put(blobKey(digest), blob);
  if (claim !== undefined && "end" in claim) await claim.end();
  expect(digestOf((await pull) ?? "")).toBe(digest);
});
