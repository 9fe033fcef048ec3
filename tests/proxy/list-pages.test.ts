import { expect, test } from "bun:test";
import { itemsOf, readPages } from "../../src/proxy/list-pages.ts";
import { clientOf, named } from "./caching.ts";
import { behaviours, type MisbehavingUpstream, startUpstream } from "./misbehaving-upstream.ts";

const name = named("team/app");
const first = { path: "tags/list?n=1000", field: "tags" };

/** How many pages were read, and whether the list ended with the last of them. */
async function read(server: MisbehavingUpstream, answerMs = 60_000) {
  const times = {
    answerMs,
    recheckMs: 60_000,
    stallMs: 60_000,
    pauseMs: 5,
    leastRate: { bytesPerSecond: 0, windowMs: 1000 },
    firstMs: 30,
    longestMs: 100,
  };
  const route = { upstream: clientOf(server, { times }), remoteName: name };
  const pages: boolean[] = [];
  for await (const { isLast } of readPages(route, first)) pages.push(isLast);
  return { count: pages.length, isWhole: pages.at(-1) };
}

/** Pages of so many bytes, without end. */
function endless(server: MisbehavingUpstream, sizeBytes: number): void {
  let page = 0;
  server.behave((_request, response) => {
    page += 1;
    response.setHeader("Link", `</v2/team/app/tags/list?last=${page}>; rel="next"`);
    response.end(`{"tags":["t${page}"]}`.padEnd(sizeBytes));
    return true;
  });
}

test("pages are read to the end of the list", async () => {
  await using server = await startUpstream();
  server.addManifest(name, "a", "{}");
  expect(await read(server)).toEqual({ count: 1, isWhole: true });
  server.behave((request, response) => {
    if ((request.url ?? "").includes("last")) return behaviours.status(404)(request, response);
    response.setHeader("Link", '</v2/team/app/tags/list?last=a>; rel="next"');
    response.end('{"tags":["a"]}');
    return true;
  });
  expect(await read(server)).toEqual({ count: 2, isWhole: true });
  server.behave(behaviours.status(404));
  expect(await read(server)).toEqual({ count: 0, isWhole: undefined });
});

test("a list without end is read up to so many pages, and so many bytes", async () => {
  await using server = await startUpstream();
  endless(server, 0);
  const short = await read(server);
  endless(server, 7 * 1024 * 1024);
  expect([short, await read(server, 30_000)]).toEqual([
    { count: 100, isWhole: false },
    { count: 5, isWhole: false },
  ]);
});

test("a list that takes its time is read for so long", async () => {
  await using server = await startUpstream();
  endless(server, 0);
  const { count, isWhole } = await read(server, 0.001).catch(() => ({ count: 1, isWhole: false }));
  expect([count, isWhole]).toEqual([1, false]);
});

test.each([
  [{ tags: ["a"] }, ["a"]],
  [{ tags: "a" }, []],
  [{}, []],
  [null, []],
  [["a"], []],
])("itemsOf(%j) are %j", (value, want) => {
  expect(itemsOf(value, "tags")).toEqual(want);
});
