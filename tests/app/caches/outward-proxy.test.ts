import { expect, test } from "bun:test";
import { usesProxy } from "../../../src/app/caches/outward-proxy.ts";

test.each([
  [{}, "https:", false],
  [{ HTTPS_PROXY: "http://proxy:3128" }, "https:", true],
  [{ https_proxy: "http://proxy:3128" }, "https:", true],
  [{ HTTPS_PROXY: "" }, "https:", false],
  [{ HTTPS_PROXY: "http://proxy:3128" }, "http:", false],
  [{ http_proxy: "http://proxy:3128" }, "http:", true],
])("usesProxy(%p, %p) is %p", (env, protocol, want) => {
  expect(usesProxy(env, protocol)).toBe(want);
});
