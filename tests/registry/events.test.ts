import { describe, expect, test } from "bun:test";
import type { Actor } from "../../src/registry/actor.ts";
import { type RegistryEvent, withEvents } from "../../src/registry/events.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pushBlob, pushImage, stocked, tagged } from "./stocked.ts";

const actor: Actor = { name: "alice", requestId: "r-1", remote: "192.0.2.1" };
const app = named("app");

function watched(report?: (event: RegistryEvent) => Promise<void>) {
  const stock = stocked();
  const events: RegistryEvent[] = [];
  const registry = withEvents(stock.registry, report ?? (async (event) => void events.push(event)));
  return { stock, registry, events, repository: registry.repository(app, actor) };
}

describe("withEvents()", () => {
  test("reports what is done, with who did it and where", async () => {
    const { stock, repository, events } = watched();
    const [first, second] = [
      await pushImage(stock, "app", { tag: "1", layers: ["a"] }),
      await pushImage(stock, "app", { layers: ["b"] }),
    ];
    const { bytes } = await repository.manifests.get({ kind: "digest", digest: second });
    await repository.manifests.put({ bytes, contentType: undefined, digest: undefined, tags: [tagged("1")] });
    await repository.tags.delete(tagged("1"));
    await repository.manifests.delete(second);
    await repository.blobs.delete(digestOf("b"));
    expect(events).toMatchObject([
      { deed: { kind: "manifest pulled", digest: second, reference: { kind: "digest", digest: second } } },
      { deed: { kind: "manifest pushed", digest: second, isNew: false, tags: [{ tag: "1", previous: first }] } },
      { deed: { kind: "tag deleted", tag: "1", digest: second } },
      { deed: { kind: "manifest deleted", digest: second, tags: [] } },
      { deed: { kind: "blob deleted", digest: digestOf("b") } },
    ]);
    expect(events.map((event) => [event.actor, event.repository])).toEqual(Array(5).fill([actor, app]));
  });

  test("answers only when the report is taken", async () => {
    const taken: (() => void)[] = [];
    const { stock, repository } = watched(() => new Promise((resolve) => taken.push(resolve)));
    await pushImage(stock, "app", { tag: "1" });
    let isAnswered = false;
    const deleting = repository.tags.delete(tagged("1")).then(() => {
      isAnswered = true;
    });
    while (taken.length === 0) await Bun.sleep(0);
    expect(isAnswered).toBe(false);
    taken[0]?.();
    await deleting;
  });

  test("reports what is uploaded, mounted and read", async () => {
    const { stock, repository, events } = watched();
    const digest = await pushImage(stock, "app", { tag: "1" });
    const body = async function* () {};
    await repository.uploads.commit(await repository.uploads.start("sha256"), { body, range: undefined }, digestOf(""));
    await pushBlob(stock, "other", "mounted");
    await repository.blobs.mount({ digest: digestOf("mounted"), from: named("other") });
    await repository.blobs.open(digestOf("layer"));
    await repository.blobs.promise(digestOf("layer"));
    await repository.manifests.get({ kind: "tag", tag: tagged("1") });
    await repository.manifests.promise({ kind: "digest", digest });
    expect(events.map(({ deed }) => deed)).toMatchObject([
      { kind: "blob pushed", digest: digestOf(""), sizeBytes: 0, isNew: true },
      { kind: "blob mounted", digest: digestOf("mounted"), sizeBytes: 7, from: "other" },
      { kind: "blob pulled", digest: digestOf("layer"), sizeBytes: 5 },
      { kind: "blob pulled", digest: digestOf("layer"), sizeBytes: 5 },
      { kind: "manifest pulled", digest, reference: { kind: "tag", tag: "1" } },
      { kind: "manifest pulled", digest, reference: { kind: "digest", digest } },
    ]);
  });

  test("hands out the bytes of manifests, also where they were not read for the answer", async () => {
    const { stock, repository, events } = watched();
    const digest = await pushImage(stock, "app", { tag: "1" });
    const { bytes } = await repository.manifests.get({ kind: "tag", tag: tagged("1") });
    await repository.manifests.promise({ kind: "tag", tag: tagged("1") });
    await repository.manifests.put({ bytes, contentType: undefined, digest, tags: [] });
    const read = await Promise.all(events.map(({ deed }) => ("bytes" in deed ? deed.bytes() : undefined)));
    expect(read).toEqual([bytes, bytes, bytes]);
  });

  test("reports neither what is refused nor listings", async () => {
    const { stock, registry, repository, events } = watched();
    await pushImage(stock, "app", { tag: "1" });
    await registry.list({ limit: 10, after: undefined });
    await registry.checkReady();
    await repository.tags.list({ limit: 10, after: undefined });
    expect(await codeOf(repository.tags.delete(tagged("2")))).toBe("MANIFEST_UNKNOWN");
    expect(await repository.blobs.mount({ digest: digestOf("nowhere"), from: named("other") })).toBeUndefined();
    expect(events).toEqual([]);
  });
});
