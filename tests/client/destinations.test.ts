import { describe, expect, test } from "bun:test";
import { Destinations, type DestinationsOptions, findReachable } from "../../src/client/destinations.ts";
import { refusalOf } from "../proxy/caching.ts";
import { startUpstream } from "../proxy/misbehaving-upstream.ts";

const { signal } = new AbortController();
const from = { sender: undefined, signal };

function destinations(changes: Partial<DestinationsOptions>): Destinations {
  const home = new URL("http://home.example:5000");
  return new Destinations({ home, resolve: async () => ["93.184.216.34"], isProxied: () => false, ...changes });
}

describe("a destination", () => {
  test("is the address that was judged, in the form that a URL has", async () => {
    const home = new URL("https://home.example/v2/x?y");
    const seen: unknown[] = [];
    for (const address of ["93.184.216.34", "2a00:1450::1"]) {
      const found = await destinations({ home, resolve: async () => [address] }).find(home, from);
      seen.push([found.target.href, found.kind]);
    }
    expect(seen).toEqual([
      ["https://93.184.216.34/v2/x?y", "public"],
      ["https://[2a00:1450::1]/v2/x?y", "public"],
    ]);
  });

  test("of a name with several addresses is one that takes connections, and stays while it does", async () => {
    await using server = await startUpstream();
    const home = new URL(`http://home.example:${server.url.port}/`);
    const addresses = ["::1", "127.0.0.2", "127.0.0.1"];
    const found = destinations({ home, resolve: async () => addresses });
    const first = await found.find(home, from);
    await server[Symbol.asyncDispose]();
    const again = await found.find(home, from);
    found.noteFailure(home);
    const afterwards = await found.find(home, from);
    expect([first, again, afterwards].map(({ target }) => target.hostname)).toEqual([
      "127.0.0.1",
      "127.0.0.1",
      "[::1]",
    ]);
  });

  test("is the name where a proxy resolves it, unless it is known to lead inside", async () => {
    const url = new URL("http://elsewhere.example/x");
    const asked = (addresses: readonly string[] | undefined) =>
      destinations({
        isProxied: () => true,
        resolve: async () => addresses ?? Promise.reject(new Error("ENOTFOUND")),
      }).find(url, { sender: "public", signal });
    expect([await asked(["93.184.216.34"]), await asked(undefined)]).toEqual([
      { target: url, kind: "public" },
      { target: url, kind: "public" },
    ]);
    expect(await refusalOf(asked(["10.0.0.7"]))).toBe("UPSTREAM_INVALID");
  });
});

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
