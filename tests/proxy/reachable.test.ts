import { expect, test } from "bun:test";
import { findReachable } from "../../src/proxy/reachable.ts";
import { refusalOf } from "./caching.ts";
import { startUpstream } from "./misbehaving-upstream.ts";

const { signal } = new AbortController();

test.each<[string, readonly string[], string | undefined]>([
  ["the only one", ["127.0.0.1"], "127.0.0.1"],
  ["the first that takes connections", ["::1", "127.0.0.1"], "127.0.0.1"],
  ["the one beside others that lead nowhere", ["127.0.0.2", "::1", "127.0.0.1"], "127.0.0.1"],
  ["none where none does", ["127.0.0.2", "::1"], undefined],
  ["none of none", [], undefined],
  ["none behind many that lead nowhere", [...Array(8).fill("127.0.0.2"), "127.0.0.1"], undefined],
])("%s is found", async (_what, addresses, want) => {
  await using server = await startUpstream();
  expect(await findReachable({ addresses, port: Number(server.url.port), signal })).toBe(want);
});

test("a signal ends the search", async () => {
  const gone = AbortSignal.abort(new Error("gone"));
  const search = findReachable({ addresses: ["127.0.0.1"], port: 1, signal: gone });
  expect(await refusalOf(search)).toBe("Error: gone");
});
