import { describe, expect, test } from "bun:test";
import {
  descriptorOf,
  digestOf,
  imageOf,
  indexType,
  type MemoryRegistry,
  memoryRegistry,
  pushImage,
  refusalOf,
} from "../memory-registry.ts";

/** The pages from the target on, by their Link headers. */
async function pagesFrom({ ask }: MemoryRegistry, target: string): Promise<Record<string, unknown>[]> {
  const pages: Record<string, unknown>[] = [];
  for (let next: string | undefined = target; next !== undefined; ) {
    if (pages.length > 100) throw new Error("the links do not end");
    const response = await ask("GET", next);
    pages.push((await response.json()) as Record<string, unknown>);
    const link = response.headers.get("link");
    next = link === null ? undefined : /^<(\/[^>]*)>; rel="next"$/.exec(link)?.[1];
    if (link !== null && next === undefined) throw new Error(`not a link to the next page: ${link}`);
  }
  return pages;
}

async function withTags(count: number, pages?: MemoryRegistry["options"]["pages"]): Promise<MemoryRegistry> {
  const memory = memoryRegistry(pages === undefined ? {} : { pages });
  const manifest = await pushImage(memory, "a");
  const query = Array.from({ length: count }, (_, index) => `tag=t${index}`).join("&");
  await memory.ask("PUT", `/v2/a/manifests/${digestOf(manifest)}?${query}`, { body: manifest });
  return memory;
}

describe("GET of tags", () => {
  test.each([
    ["", [["t0", "t1", "t10", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"]]],
    [
      "?n=4",
      [
        ["t0", "t1", "t10", "t2"],
        ["t3", "t4", "t5", "t6"],
        ["t7", "t8", "t9"],
      ],
    ],
    ["?n=11", [["t0", "t1", "t10", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"]]],
    ["?n=100000", [["t0", "t1", "t10", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"]]],
    ["?n=0", [[]]],
    ["?n=2&last=t7", [["t8", "t9"]]],
    ["?last=t7", [["t8", "t9"]]],
    ["?last=t70", [["t8", "t9"]]],
    ["?last=t9", [[]]],
    ["?n=1&last=zzz", [[]]],
  ])("list%s, followed to the end", async (query, want) => {
    const memory = await withTags(11);
    expect(await pagesFrom(memory, `/v2/a/tags/list${query}`)).toEqual(want.map((tags) => ({ name: "a", tags })));
  });

  test("has as many tags on a page as is configured, where the client asks for pages", async () => {
    const memory = await withTags(5, { maxCatalogItems: 1000, maxTagItems: 3 });
    const pages = [await pagesFrom(memory, "/v2/a/tags/list?n=4"), await pagesFrom(memory, "/v2/a/tags/list")];
    expect(pages.map((page) => page.map(({ tags }) => (tags as string[]).length))).toEqual([[3, 2], [5]]);
  });

  test("is empty where no manifest has a tag", async () => {
    const memory = memoryRegistry();
    await pushImage(memory, "a");
    expect(await pagesFrom(memory, "/v2/a/tags/list")).toEqual([{ name: "a", tags: [] }]);
  });

  test.each([
    ["/v2/b/tags/list", [404, "NAME_UNKNOWN"]],
    ["/v2/A/tags/list", [400, "NAME_INVALID"]],
    ["/v2/a/tags/list?n=-1", [400, "PAGINATION_NUMBER_INVALID"]],
    ["/v2/a/tags/list?n=NaN", [400, "PAGINATION_NUMBER_INVALID"]],
    ["/v2/a/tags/list?n=1&n=2", [400, "UNSUPPORTED"]],
  ])("%s is refused", async (target, want) => {
    expect(await refusalOf(await (await withTags(1)).ask("GET", target))).toEqual(want);
  });
});

describe("GET of the catalog", () => {
  // distribution's order: component by component.
  const names = ["a", "a/b", "a/b/c", "a/z", "a-b", "b", "b0", "c/d"];
  const withRepositories = async () => {
    const memory = memoryRegistry();
    for (const name of names) await pushImage(memory, name);
    return memory;
  };

  test.each([
    ["", [names]],
    ["?n=3", [names.slice(0, 3), names.slice(3, 6), names.slice(6)]],
    ["?n=1", names.map((name) => [name])],
    ["?n=8", [names]],
    ["?n=1000", [names]],
    ["?n=0", [[]]],
    ["?last=a/z", [names.slice(4)]],
    ["?last=a/y", [names.slice(3)]],
    ["?last=zzz", [[]]],
    ["?last=../../etc", [names]],
  ])("%s, followed to the end", async (query, want) => {
    const pages = await pagesFrom(await withRepositories(), `/v2/_catalog${query}`);
    expect(pages).toEqual(want.map((repositories) => ({ repositories })));
  });

  test.each([
    ["n=1001", "PAGINATION_NUMBER_INVALID"],
    ["n=1000000000", "PAGINATION_NUMBER_INVALID"],
    ["n=-1", "PAGINATION_NUMBER_INVALID"],
    ["n=x", "PAGINATION_NUMBER_INVALID"],
    ["n=1&n=1", "UNSUPPORTED"],
    ["last=a&last=b", "UNSUPPORTED"],
  ])("?%s is refused with %s", async (query, code) => {
    expect(await refusalOf(await memoryRegistry().ask("GET", `/v2/_catalog?${query}`))).toEqual([400, code]);
  });

  test("has as many names on a page as is configured, and refuses more", async () => {
    const memory = memoryRegistry({ pages: { maxCatalogItems: 3, maxTagItems: 1000 } });
    for (const name of names) await pushImage(memory, name);
    expect(await pagesFrom(memory, "/v2/_catalog")).toEqual(
      [names.slice(0, 3), names.slice(3, 6), names.slice(6)].map((repositories) => ({ repositories })),
    );
    const refusal: unknown = await (await memory.ask("GET", "/v2/_catalog?n=4")).json();
    expect(refusal).toMatchObject({ errors: [{ code: "PAGINATION_NUMBER_INVALID", detail: { n: 4, atMost: 3 } }] });
  });

  test("without n has a hundred names on a page", async () => {
    const memory = memoryRegistry();
    for (let index = 0; index < 101; index += 1) await pushImage(memory, `r${index}`);
    const pages = await pagesFrom(memory, "/v2/_catalog");
    expect(pages.map(({ repositories }) => (repositories as string[]).length)).toEqual([100, 1]);
  });

  test("of nothing is empty", async () => {
    expect(await pagesFrom(memoryRegistry(), "/v2/_catalog")).toEqual([{ repositories: [] }]);
  });
});

describe("GET of referrers", () => {
  const subject = imageOf("subject");
  const to = descriptorOf(subject);
  const list = (target: string) => `/v2/a/referrers/${digestOf(subject)}${target}`;
  const annotations = { "org.example": "1" };

  async function withReferrers(): Promise<{ memory: MemoryRegistry; byType: Record<string, object> }> {
    const memory = memoryRegistry();
    const typed = await pushImage(memory, "a", {
      text: "1",
      fields: { subject: to, artifactType: "x/sbom", annotations },
    });
    const untyped = await pushImage(memory, "a", { text: "2", fields: { subject: to } });
    const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [], subject: to });
    await memory.ask("PUT", `/v2/a/manifests/${digestOf(index)}`, { body: index });
    return {
      memory,
      byType: {
        sbom: descriptorOf(typed, { artifactType: "x/sbom", annotations }),
        config: descriptorOf(untyped, { artifactType: "application/vnd.oci.image.config.v1+json" }),
        none: descriptorOf(index, { mediaType: indexType }),
      },
    };
  }

  test.each([
    ["", null, ["config", "none", "sbom"]],
    ["?artifactType=x/sbom", "artifactType", ["sbom"]],
    ["?artifactType=application/vnd.oci.image.config.v1%2Bjson", "artifactType", ["config"]],
    ["?artifactType=", "artifactType", ["none"]],
    ["?artifactType=x/other", "artifactType", []],
  ])("%s lists descriptors in an index", async (query, filters, want) => {
    const { memory, byType } = await withReferrers();
    const response = await memory.ask("GET", list(query));
    const { manifests, ...rest } = (await response.json()) as { manifests: { digest: string }[] };
    const header = (name: string) => response.headers.get(name);
    const sorted = manifests.toSorted((left, right) => left.digest.localeCompare(right.digest));
    const wanted = want.map((type) => byType[type] as { digest: string });
    expect([response.status, header("content-type"), header("oci-filters-applied"), rest, sorted]).toEqual([
      200,
      indexType,
      filters,
      { schemaVersion: 2, mediaType: indexType },
      wanted.toSorted((left, right) => left.digest.localeCompare(right.digest)),
    ]);
  });

  test.each([
    [`/v2/nowhere/referrers/${digestOf("x")}`, 200],
    [`/v2/a/referrers/${digestOf("x")}`, 200],
    [`/v2/a/referrers/${digestOf("x", "sha512")}`, 200],
    ["/v2/a/referrers/latest", 400],
    ["/v2/a/referrers/sha256:x", 400],
    [`/v2/A/referrers/${digestOf("x")}`, 400],
  ])("%s of what has none", async (target, status) => {
    const { memory } = await withReferrers();
    expect((await memory.ask("GET", target)).status).toEqual(status);
  });

  test("are on several pages where one index would be too large for clients", async () => {
    const memory = memoryRegistry();
    const pushed: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const fields = { subject: to, artifactType: "x/large+json", annotations: { text: "x".repeat(1_000_000) } };
      pushed.push(digestOf(await pushImage(memory, "a", { text: `${index}`, fields })));
    }
    const pages = await pagesFrom(memory, list("?artifactType=x/large%2Bjson"));
    const digests = pages.map(({ manifests }) => (manifests as { digest: string }[]).map(({ digest }) => digest));
    expect([pages.length, digests.flat()]).toEqual([2, pushed.toSorted()]);
  });

  test("go when they are deleted", async () => {
    const { memory } = await withReferrers();
    const { manifests } = (await (await memory.ask("GET", list(""))).json()) as { manifests: { digest: string }[] };
    for (const { digest } of manifests) await memory.ask("DELETE", `/v2/a/manifests/${digest}`);
    expect((await (await memory.ask("GET", list(""))).json()) as object).toMatchObject({ manifests: [] });
  });
});
