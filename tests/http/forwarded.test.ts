import { describe, expect, test } from "bun:test";
import { readForwarded } from "../../src/http/forwarded.ts";
import { compileNetworks } from "../../src/lib/networks.ts";

const isTrusted = compileNetworks(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]);
const proxy = "10.1.2.3";

describe("readForwarded()", () => {
  test.each<[string, Record<string, string>, string, string | undefined, string | undefined]>([
    [
      "nothing from a stranger",
      { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https" },
      "8.8.8.8",
      "8.8.8.8",
      undefined,
    ],
    ["nothing where a proxy says nothing", {}, proxy, proxy, undefined],
    ["the caller of one proxy", { "x-forwarded-for": "1.2.3.4" }, proxy, "1.2.3.4", undefined],
    [
      "the last stranger, and not what that one claims",
      { "x-forwarded-for": "6.6.6.6, 1.2.3.4" },
      proxy,
      "1.2.3.4",
      undefined,
    ],
    ["through several proxies", { "x-forwarded-for": "1.2.3.4, 192.0.2.1, 10.9.9.9" }, proxy, "1.2.3.4", undefined],
    ["with ports and brackets", { "x-forwarded-for": "[2001:db9::1]:443" }, proxy, "2001:db9::1", undefined],
    ["no further than it can be read", { "x-forwarded-for": "1.2.3.4, unknown" }, proxy, proxy, undefined],
    [
      "scheme and host",
      { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https", "x-forwarded-host": "r.test" },
      proxy,
      "1.2.3.4",
      "https://r.test",
    ],
    [
      "the scheme with the request's own host",
      { "x-forwarded-proto": "https", host: "r.test:5000" },
      proxy,
      proxy,
      "https://r.test:5000",
    ],
    [
      "no host that could be something else",
      { "x-forwarded-proto": "https", "x-forwarded-host": 'r.test/"x' },
      proxy,
      proxy,
      undefined,
    ],
    ["no other scheme", { "x-forwarded-proto": "javascript", "x-forwarded-host": "r.test" }, proxy, proxy, undefined],
    [
      "RFC 7239",
      { forwarded: 'for="[2001:db9::1]:4711";proto=https;host=r.test' },
      proxy,
      "2001:db9::1",
      "https://r.test",
    ],
    [
      "RFC 7239 through several",
      { forwarded: "for=1.2.3.4;proto=https;host=r.test, for=10.0.0.9" },
      proxy,
      "1.2.3.4",
      "https://r.test",
    ],
    [
      "no Forwarded beside X-Forwarded-For",
      { "x-forwarded-for": "1.2.3.4", forwarded: "for=6.6.6.6" },
      proxy,
      "1.2.3.4",
      undefined,
    ],
  ])("believes %s", (_what, fields, remote, caller, origin) => {
    expect(readForwarded(new Headers(fields), { remote, isTrusted })).toEqual({ remote: caller, origin });
  });

  test("without trusted proxies believes nobody", () => {
    const headers = new Headers({ "x-forwarded-for": "1.2.3.4" });
    expect(readForwarded(headers, { remote: proxy, isTrusted: undefined })).toEqual({
      remote: proxy,
      origin: undefined,
    });
  });
});
