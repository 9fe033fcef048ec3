import { expect, test } from "bun:test";
import { memoryRegistry } from "../memory-registry.ts";
import { get, pushTagged } from "./asked-api.ts";

async function stocked() {
  const memory = memoryRegistry();
  for (const name of ["a", "team/app", "team/tool", "zoo"]) await pushTagged(memory, name, "v1");
  return memory;
}

test("GET repositories goes page by page, by the links that it gives", async () => {
  const memory = await stocked();
  const names: unknown[] = [];
  let next: string | null = "/-/api/v1/repositories?n=3";
  while (next !== null) {
    const answer = await get(memory, next.slice("/-/api/v1/".length));
    names.push((answer.repositories as { name: string }[]).map(({ name }) => name));
    next = answer.next as string | null;
  }
  expect(names).toEqual([["a", "team/app", "team/tool"], ["zoo"]]);
});

test("GET repositories searches, and says what may be done", async () => {
  const memory = await stocked();
  const { repositories, next } = await get(memory, "repositories?q=T*P&n=1");
  expect([next, repositories]).toMatchObject([
    null,
    [{ name: "team/app", tags: 1, upstream: null, actions: ["pull", "push", "delete"], problem: null }],
  ]);
  const page = await get(memory, "repositories?q=team&n=1&prefix=te");
  expect(page.next).toBe("/-/api/v1/repositories?n=1&last=team%2Fapp&q=team&prefix=te");
});

test("GET tree shows one component after another", async () => {
  const memory = await stocked();
  expect(await get(memory, "tree?n=2")).toMatchObject({
    prefix: "",
    components: [
      { component: "a", name: "a", isRepository: true, hasChildren: false, repository: { tags: 1 } },
      { component: "team", name: "team", isRepository: false, hasChildren: true, repository: null },
    ],
    next: "/-/api/v1/tree?n=2&last=team",
  });
  expect(await get(memory, "tree?prefix=team/")).toMatchObject({
    components: [{ component: "app" }, { component: "tool" }],
    next: null,
  });
});

test("GET tags shows images, with links that keep the question", async () => {
  const memory = await stocked();
  const digest = await pushTagged(memory, "team/app", "v2");
  await pushTagged(memory, "team/app", "v10");
  const answer = await get(memory, "repositories/team/app/tags?n=1&sort=pushed&order=desc&filter=v");
  expect(answer).toMatchObject({
    ...{ name: "team/app", upstream: null, total: 3, matching: 3, problems: [] },
    tags: [{ digest, mediaType: "application/vnd.oci.image.manifest.v1+json", aliasCount: 2, pulled: null }],
  });
  const next = String(answer.next);
  expect(next).toMatch(
    /^\/-\/api\/v1\/repositories\/team\/app\/tags\?n=1&last=\d.*%2Fv.*&sort=pushed&order=desc&filter=v$/,
  );
  expect(await get(memory, "repositories/team/app/tags?n=2")).toMatchObject({
    tags: [{ tag: "v1" }, { tag: "v2" }],
    next: "/-/api/v1/repositories/team/app/tags?n=2&last=v2&sort=name&order=asc",
  });
  expect((await get(memory, "repositories/no/tags")).errors).toMatchObject([{ code: "NAME_UNKNOWN" }]);
});

test("links begin with the prefix of every path", async () => {
  const memory = memoryRegistry({ prefix: "/some/where/" });
  const { driver } = await stocked();
  const answer = await memoryRegistry({ prefix: "/some/where/", driver }).ask("GET", "/some/where/-/api/v1/tree?n=1");
  expect([await answer.json(), memory.options.prefix]).toMatchObject([
    { next: "/some/where/-/api/v1/tree?n=1&last=a" },
    "/some/where/",
  ]);
});
