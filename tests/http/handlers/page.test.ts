import { describe, expect, test } from "bun:test";
import { Authenticator } from "../../../src/auth/authenticator.ts";
import { Policy } from "../../../src/auth/policy.ts";
import { Door } from "../../../src/http/door.ts";
import { LoginFailures } from "../../../src/http/login-failures.ts";
import { openPageFiles } from "../../../src/http/page-files.ts";
import { type MemoryRegistryChanges, memoryRegistry, summarize } from "../memory-registry.ts";
import { packed } from "../packed-files.ts";

/** A door of which only the token server matters. */
const doorTo = (realm: string) =>
  new Door({
    authenticator: new Authenticator({
      passwords: undefined,
      apiTokens: { find: () => undefined, get: () => undefined },
      verifyWorkload: undefined,
      verifyOwn: undefined,
      verifyForeign: undefined,
    }),
    policy: () => new Policy({ anonymous: [], groups: {}, rules: [] }),
    scheme: { kind: "bearer", realm: () => realm, service: "registry" },
    failures: new LoginFailures(3, () => 0),
  });

const browser = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };
const withPage = (options: MemoryRegistryChanges = {}) => memoryRegistry({ page: openPageFiles(packed), ...options });
const signOfLife = "This is a container registry. Its API is at /v2/, for docker and its kind.\n";

describe("the root", () => {
  test.each([
    ["curl", { accept: "*/*" }],
    ["a probe", {}],
    ["a program", { accept: "application/json" }],
  ])("answers %s with a line of text", async (_who, headers) => {
    const response = await withPage().ask("GET", "/", { headers });
    expect(await summarize(response, "content-type", "vary")).toEqual([
      200,
      "text/plain; charset=utf-8",
      "Accept",
      signOfLife,
    ]);
  });

  test("answers a browser with the page, and headers that let nothing else run", async () => {
    const response = await withPage().ask("GET", "/", { headers: browser });
    const html = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    expect([
      response.status,
      response.headers.get("content-type"),
      response.headers.get("cache-control"),
      response.headers.get("x-content-type-options"),
      response.headers.get("referrer-policy"),
      response.headers.get("vary"),
    ]).toEqual([200, "text/html; charset=utf-8", "no-cache", "nosniff", "no-referrer", "Accept"]);
    expect([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target]) => target)).toEqual([
      "/-/assets/icon-3.svg",
      "/-/assets/page-2.css",
      "/-/assets/page-1.js",
    ]);
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
  });

  test("answers a browser that has the page with 304", async () => {
    const { ask } = withPage();
    const entityTag = (await ask("GET", "/", { headers: browser })).headers.get("etag") ?? "";
    const again = await ask("GET", "/", { headers: { ...browser, "if-none-match": entityTag } });
    expect([again.status, again.headers.has("content-security-policy"), await again.text()]).toEqual([304, true, ""]);
  });

  test("names its files below the prefix, which may hold quotes", async () => {
    const response = await withPage({ prefix: '/so"me/' }).ask("GET", "/", { headers: browser });
    expect(await response.text()).toContain('src="/so&#34;me/-/assets/page-1.js"');
  });

  test.each([
    ["https://tokens.example/auth?a=1", " https://tokens.example"],
    ["/token", ""],
    ["data:text/plain,x", ""],
  ])("lets the page ask the token server %s", async (realm, more) => {
    const response = await withPage({ door: doorTo(realm) }).ask("GET", "/", { headers: browser });
    expect([response.headers.get("content-security-policy"), await response.text()]).toEqual([
      expect.stringContaining(`connect-src 'self'${more};`),
      expect.stringContaining(`<meta name="token-server" content="${realm}">`),
    ]);
  });

  test("answers a browser with text where the sources run as they are", async () => {
    expect(await summarize(await memoryRegistry().ask("GET", "/", { headers: browser }))).toEqual([200, signOfLife]);
  });
});

describe("a file of the page", () => {
  test.each([
    ["br", "br"],
    ["gzip", "gzip"],
    ["", null],
  ])("is sent in the encoding %p, and kept for ever", async (accepted, encoding) => {
    const response = await withPage().ask("GET", "/-/assets/page-1.js", { headers: { "accept-encoding": accepted } });
    const names = ["content-type", "content-encoding", "cache-control", "etag", "vary", "x-content-type-options"];
    expect([response.status, ...names.map((name) => response.headers.get(name))]).toEqual([
      200,
      "text/javascript; charset=utf-8",
      encoding,
      "public, max-age=31536000, immutable",
      '"page-1.js"',
      "Accept-Encoding",
      "nosniff",
    ]);
  });

  test.each([
    ["/-/assets/page-2.css", { "if-none-match": '"page-2.css"' }, [304, ""]],
    ["/-/assets/page-9.js", {}, [404, "UNSUPPORTED"]],
    ["/-/assets/", {}, [404, "UNSUPPORTED"]],
    ["/-/assets/..%2fpage-1.js", {}, [404, "UNSUPPORTED"]],
  ])("%s with %p", async (target, headers, want) => {
    expect(await summarize(await withPage().ask("GET", target, { headers: { ...headers } }))).toEqual(want);
  });
});
