import { describe, expect, test } from "bun:test";
import { anonymous } from "../../src/registry/actor.ts";
import { compileImmutable } from "../../src/registry/immutable-tags.ts";
import { openRegistry } from "../../src/registry/registry.ts";
import type { Repository } from "../../src/registry/repository.ts";
import { codeOf } from "./refused.ts";
import { named, pushImage, type Stocked, stocked, tagged, utf8 } from "./stocked.ts";

const isImmutable = compileImmutable([{ repositories: ["app", "team/**"], tags: ["v*", "release"] }]);

test.each([
  ["app", "v1", true],
  ["app", "v1.2.3-rc.1", true],
  ["app", "v", true],
  ["app", "release", true],
  ["app", "release-1", false],
  ["app", "latest", false],
  ["app", "V1", false],
  ["app", "xv1", false],
  ["team/a/b", "v1", true],
  ["team", "v1", false],
  ["team2/a", "v1", false],
  ["app2", "v1", false],
])("compileImmutable() finds %s:%s immutable: %p", (name, tag, want) => {
  expect(isImmutable(named(name), tagged(tag))).toBe(want);
});

/** A registry with immutable tags over the stock's store, and images in it that tags can be given to. */
async function opened(wrap?: Parameters<typeof stocked>[0]) {
  const stock = stocked(wrap);
  const digests = [await pushImage(stock, "app", { layers: ["1"] }), await pushImage(stock, "app", { layers: ["2"] })];
  const rules = { urls: "any", children: "all" } as const;
  const repository = openRegistry(stock.store, { rules, isImmutable }).repository(named("app"), anonymous());
  const pushes = await Promise.all(digests.map((digest) => pushOf(repository, digest)));
  const [first, second] = pushes as [Push, Push];
  return { stock, repository, first, second };
}

type Push = Awaited<ReturnType<typeof pushOf>>;

/** Pushes the image again with these tags. */
async function pushOf({ manifests }: Repository, digest: Awaited<ReturnType<typeof pushImage>>) {
  const { bytes } = await manifests.get({ kind: "digest", digest });
  const put = (...tags: string[]) =>
    manifests.put({ bytes, contentType: undefined, digest: undefined, tags: tags.map(tagged) });
  return { digest, put };
}

async function tagsOf({ registry }: Stocked): Promise<Readonly<Record<string, string>>> {
  const { tags, manifests } = registry.repository(named("app"), anonymous());
  const { items } = await tags.list({ limit: 100, after: undefined });
  const found = items.map(async (tag) => [tag, (await manifests.get({ kind: "tag", tag })).digest]);
  return Object.fromEntries(await Promise.all(found));
}

describe("an immutable tag", () => {
  test("is created, and pushed again with the same manifest", async () => {
    const { stock, first } = await opened();
    await first.put("v1");
    await first.put("v1", "v2", "latest");
    expect(await tagsOf(stock)).toEqual({ v1: first.digest, v2: first.digest, latest: first.digest });
  });

  test("is not moved, nor is any tag that is pushed with it; the manifest is not stored", async () => {
    const { stock, repository, first, second } = await opened();
    await first.put("v1");
    await repository.manifests.delete(second.digest);
    expect(await codeOf(second.put("latest", "v2", "v1"))).toBe("DENIED");
    expect(await tagsOf(stock)).toEqual({ v1: first.digest });
    expect(await codeOf(repository.manifests.get({ kind: "digest", digest: second.digest }))).toBe("MANIFEST_UNKNOWN");
  });

  test("is neither deleted nor its manifest, with whatever other tags it has", async () => {
    const { stock, repository, first } = await opened();
    await first.put("latest", "v1");
    expect(await codeOf(repository.tags.delete(tagged("v1")))).toBe("DENIED");
    expect(await codeOf(repository.manifests.delete(first.digest))).toBe("DENIED");
    expect(await tagsOf(stock)).toEqual({ v1: first.digest, latest: first.digest });
    await repository.tags.delete(tagged("latest"));
    expect(await tagsOf(stock)).toEqual({ v1: first.digest });
  });

  test("that is absent cannot be deleted, as any other", async () => {
    const { repository } = await opened();
    expect(await codeOf(repository.tags.delete(tagged("v1")))).toBe("MANIFEST_UNKNOWN");
  });

  test("is given once, to one of two that push it at the same time", async () => {
    for (let round = 0; round < 20; round += 1) {
      const { stock, first, second } = await opened();
      const outcomes = await Promise.allSettled([first.put("v1"), second.put("v1")]);
      const winner = outcomes[0]?.status === "fulfilled" ? first : second;
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      expect(await tagsOf(stock)).toEqual({ v1: winner.digest });
    }
  });

  test("that another program left without its manifest takes another one", async () => {
    const { stock, first, second } = await opened();
    await first.put("v1");
    const link = `docker/registry/v2/repositories/app/_manifests/revisions/sha256/${first.digest.slice(7)}/link`;
    await stock.store.objects.delete(link as never);
    await second.put("v1");
    expect(await tagsOf(stock)).toEqual({ v1: second.digest });
  });

  test("whose link is damaged is given again", async () => {
    const { stock, first, second } = await opened();
    await first.put("v1");
    const link = "docker/registry/v2/repositories/app/_manifests/tags/v1/current/link";
    await stock.store.objects.put(link as never, utf8(""));
    await second.put("v1");
    expect(await tagsOf(stock)).toEqual({ v1: second.digest });
  });
});

test("other tags move and go", async () => {
  const { stock, repository, first, second } = await opened();
  await first.put("latest");
  await second.put("latest");
  await repository.manifests.delete(second.digest);
  expect(await tagsOf(stock)).toEqual({});
});
