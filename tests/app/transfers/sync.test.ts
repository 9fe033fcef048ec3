// Mirrors are brought up to date, beside whatever fails.
import { describe, expect, test } from "bun:test";
import { compileTagPattern } from "../../../src/app/store/keep-rules.ts";
import { mirroredPrefix } from "../../../src/app/transfers/mirrors.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { openArrival } from "../../../src/registry/arrival.ts";
import { withEvents } from "../../../src/registry/events.ts";
import { openRegistry } from "../../../src/registry/registry.ts";
import { codeOf } from "../../registry/refused.ts";
import { digestOf, named, pullImage, pushImage, stocked, tagged, utf8 } from "../../registry/stocked.ts";
import { sourceIn } from "../../transfer/copying.ts";
import { startFaultyRegistry } from "../../transfer/faulty-registry.ts";
import { mirrored, mirrorOf } from "./mirrored.ts";

const nothing = { copied: 0, unchanged: 0, deleted: 0, failed: 0, sentBytes: 0 };
const tagsOf = (stock: ReturnType<typeof stocked>, name: string) => Array.fromAsync(sourceIn(stock, name).tags());

describe("a mirror", () => {
  test("has what its upstream has, and nothing is fetched twice", async () => {
    await using upstream = startFaultyRegistry();
    const stock = stocked();
    for (const tag of ["3.1", "3.2", "edge"]) await pushImage(upstream.stock, "alpine", { tag, layers: [tag] });
    const mirror = mirrorOf(`${upstream.host}/alpine`, {
      to: "mirror/alpine",
      selection: { covers: compileTagPattern("3.*"), semver: undefined, newest: undefined },
    });
    expect((await mirrored(stock, [mirror])).outcome).toMatchObject({ copied: 2, unchanged: 0, failed: 0 });
    expect([await tagsOf(stock, "mirror/alpine"), await pullImage(stock, "mirror/alpine", tagged("3.2"))]).toEqual([
      ["3.1", "3.2"].map(tagged),
      true,
    ]);
    upstream.asked.length = 0;
    expect((await mirrored(stock, [mirror])).outcome).toEqual({ ...nothing, unchanged: 2 });
    expect(upstream.asked.filter((line) => line.startsWith("GET")).map((line) => line.split("/").at(-1))).toEqual([
      "list",
    ]);
    const digest = await pushImage(upstream.stock, "alpine", { tag: "3.2", layers: ["new"] });
    expect((await mirrored(stock, [mirror])).events).toContainEqual({
      kind: "copied",
      from: `${upstream.host}/alpine:3.2`,
      to: "mirror/alpine:3.2",
      digest,
    });
  });

  test("of a glob has all repositories, under their names", async () => {
    await using upstream = startFaultyRegistry();
    const stock = stocked();
    for (const name of ["team/a", "team/b", "other"]) await pushImage(upstream.stock, name, { tag: "v1" });
    await mirrored(stock, [mirrorOf(`${upstream.host}/team/*`), mirrorOf(`${upstream.host}/team/a`, { to: "copy" })]);
    expect(await pullImage(stock, "team/b", tagged("v1"))).toBe(true);
    expect([await tagsOf(stock, "copy"), await tagsOf(stock, "other").catch(() => [])]).toEqual([[tagged("v1")], []]);
  });

  test("keeps what was removed, unless it says delete", async () => {
    await using upstream = startFaultyRegistry();
    const stock = stocked();
    await pushImage(upstream.stock, "app", { tag: "v2" });
    await pushImage(stock, "app", { tag: "v1" });
    const mirror = mirrorOf(`${upstream.host}/app`);
    await mirrored(stock, [mirror]);
    expect(await tagsOf(stock, "app")).toEqual(["v1", "v2"].map(tagged));
    const { outcome, events } = await mirrored(stock, [{ ...mirror, deletes: true }]);
    expect([outcome, events[0]]).toEqual([
      { ...nothing, unchanged: 1, deleted: 1 },
      { kind: "deleted", to: "app:v1" },
    ]);
    // Nothing is taken for removed because the upstream shows nothing.
    upstream.fail((request) => (request.url.includes("/tags/list") ? Response.json({ tags: [] }) : undefined));
    expect((await mirrored(stock, [{ ...mirror, deletes: true }])).outcome).toEqual({ ...nothing, failed: 1 });
    expect(await tagsOf(stock, "app")).toEqual([tagged("v2")]);
  });

  test("that has nothing yet has nothing to delete", async () => {
    await using upstream = startFaultyRegistry();
    await pushImage(upstream.stock, "app", { tag: "v1" });
    const selection = { covers: () => false, semver: undefined, newest: undefined };
    const mirror = mirrorOf(`${upstream.host}/app`, { deletes: true, selection });
    expect((await mirrored(stocked(), [mirror])).outcome).toEqual(nothing);
  });

  test("deletes nothing that the upstream merely leaves out of its list", async () => {
    await using upstream = startFaultyRegistry();
    const stock = stocked();
    for (const tag of ["v1", "v2"]) await pushImage(upstream.stock, "app", { tag });
    const mirror = mirrorOf(`${upstream.host}/app`, { deletes: true });
    await mirrored(stock, [mirror]);
    const answer = (path: string, respond: (query: string) => Response) =>
      upstream.fail((request) => {
        const url = new URL(request.url);
        return url.pathname.endsWith(path) ? respond(url.search) : undefined;
      });
    const page = (link?: string) =>
      Response.json({ tags: ["v2"] }, { headers: link === undefined ? {} : { Link: `<${link}>; rel="next"` } });
    const lists = [
      () => page(),
      () => page("https://elsewhere.test/v2/app/tags/list?last=v2"),
      (query: string) =>
        query.includes("last") ? new Response("", { status: 404 }) : page("/v2/app/tags/list?last=v2"),
    ];
    for (const list of lists) {
      answer("/tags/list", list);
      expect((await mirrored(stock, [mirror])).outcome).toMatchObject({ deleted: 0, failed: 1 });
    }
    expect(await tagsOf(stock, "app")).toEqual(["v1", "v2"].map(tagged));
  });

  test("takes nothing of another repository here that its upstream does not have", async () => {
    await using upstream = startFaultyRegistry();
    const stock = stocked();
    await pushImage(stock, "private", { tag: "v1", layers: ["secret"] });
    await pushImage(upstream.stock, "app", { tag: "v1", layers: ["secret"] });
    upstream.asked.length = 0;
    upstream.fail(({ url }) =>
      url.endsWith(`/blobs/${digestOf("secret")}`) ? new Response("", { status: 404 }) : undefined,
    );
    const mirror = mirrorOf(`${upstream.host}/app`, { to: "mirror" });
    expect((await mirrored(stock, [mirror])).outcome).toMatchObject({ copied: 0, failed: 1 });
    const { blobs } = stock.registry.repository(named("mirror"), anonymous());
    expect(await codeOf(blobs.promise(digestOf("secret")))).toBe("BLOB_UNKNOWN");
    upstream.fail(undefined);
    // What it does have is not fetched again.
    expect((await mirrored(stock, [mirror])).outcome).toMatchObject({ copied: 1, sentBytes: 0 });
    expect(await pullImage(stock, "mirror", tagged("v1"))).toBe(true);
  });

  test("that fails stops neither another one nor its other tags", async () => {
    await using upstream = startFaultyRegistry();
    const stock = stocked();
    for (const tag of ["v1", "v2"]) await pushImage(upstream.stock, "app", { tag, layers: [tag] });
    upstream.fail((request) =>
      request.method !== "HEAD" && request.url.endsWith("/manifests/v1")
        ? new Response("", { status: 400 })
        : undefined,
    );
    const { outcome, events } = await mirrored(stock, [
      mirrorOf(`${upstream.host}/none`),
      mirrorOf(`${upstream.host}/app`),
    ]);
    expect(outcome).toMatchObject({ copied: 1, failed: 2 });
    expect(events.filter(({ kind }) => kind === "failed")).toMatchObject([
      { what: `${upstream.host}/none`, problem: "it has no tags, or does not show them" },
      { what: `${upstream.host}/app:v1` },
    ]);
    expect(await pullImage(stock, "app", tagged("v2"))).toBe(true);
  });

  test("does not move a tag that is immutable", async () => {
    await using upstream = startFaultyRegistry();
    const stock = stocked();
    await pushImage(upstream.stock, "app", { tag: "v1", layers: ["new"] });
    const digest = await pushImage(stock, "app", { tag: "v1", layers: ["old"] });
    const registry = openRegistry(stock.store, { rules: { urls: "any", children: "all" }, isImmutable: () => true });
    const { events } = await mirrored({ ...stock, registry }, [mirrorOf(`${upstream.host}/app`)]);
    expect(events[0]).toMatchObject({ kind: "failed", problem: expect.stringContaining("the tag v1 is immutable") });
    expect((await sourceIn(stock, "app").manifest({ kind: "tag", tag: tagged("v1") }))?.digest).toBe(digest);
  });

  test("keeps an immutable tag that was removed, and is up to date with it", async () => {
    await using upstream = startFaultyRegistry();
    const stock = stocked();
    await pushImage(upstream.stock, "app", { tag: "v2" });
    await pushImage(stock, "app", { tag: "v1" });
    const registry = openRegistry(stock.store, { rules: { urls: "any", children: "all" }, isImmutable: () => true });
    const mirror = mirrorOf(`${upstream.host}/app`, { deletes: true });
    const { outcome } = await mirrored({ ...stock, registry }, [mirror]);
    expect([outcome, await tagsOf(stock, "app")]).toMatchObject([{ deleted: 0, failed: 0 }, ["v1", "v2"]]);
  });

  test("tells pushes and deletions, and no pulls", async () => {
    await using upstream = startFaultyRegistry();
    const stock = stocked();
    await pushImage(upstream.stock, "app", { tag: "v1" });
    const told: string[] = [];
    const registry = withEvents(
      stock.registry,
      async ({ actor, deed }) => void told.push(`${actor.name}: ${deed.kind}`),
    );
    await mirrored(stock, [mirrorOf(`${upstream.host}/app`)], { told: registry });
    expect(told).toEqual(["sync: manifest pushed"]);
  });

  test("is brought up to date by one process at a time", async () => {
    const stock = stocked();
    const held = await stock.store.locks.hold(mirroredPrefix, "somebody");
    if ("heldBy" in held) throw new Error("held");
    expect((await mirrored(stock, [])).outcome).toEqual({ heldBy: "somebody" });
    held[Symbol.dispose]();
    expect((await mirrored(stock, [])).outcome).toEqual(nothing);
  });

  test("removes what earlier runs left behind half fetched", async () => {
    const stock = stocked();
    const origin = { digest: digestOf("blob"), upstream: "copies" };
    const open = async () => {
      const arrival = await openArrival(stock.store, origin);
      if (arrival === "busy") throw new Error("busy");
      return arrival;
    };
    {
      using arrival = await open();
      await arrival.append([utf8("bl")]);
    }
    await mirrored(stock, []);
    {
      using arrival = await open();
      expect(arrival.isResumed).toBe(true);
    }
    stock.wait(8 * 24 * 3_600_000);
    await mirrored(stock, []);
    using arrival = await open();
    expect(arrival.isResumed).toBe(false);
  });

  test("that is interrupted says so", async () => {
    await using upstream = startFaultyRegistry();
    const signal = AbortSignal.abort(new Error("interrupted"));
    expect(mirrored(stocked(), [mirrorOf(`${upstream.host}/app`)], { signal })).rejects.toThrow("interrupted");
  });
});
