import { expect, test } from "bun:test";
import fc from "fast-check";
import { collapseSlashes, decodePath, parseUrl, withoutTrailingSlash } from "../../src/http/path.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { memoryRegistry, summarize } from "./memory-registry.ts";

const digest = `sha256:${"a".repeat(64)}`;
const session = "/v2/a/blobs/uploads/0123abcd-0123-4abc-8abc-0123456789ab";

test.each([
  ["/v2/team%2Fapp", "/v2/team/app"],
  ["/v2/team%252Fapp", "/v2/team%2Fapp"],
  ["/v2/a%00", "/v2/a\0"],
])("decodePath(%p) decodes once", (path, want) => {
  expect(decodePath(path)).toEqual(want);
});

test.each(["/%", "/%zz", "/%ff", "/%c3/x"])("decodePath(%p) is refused", (path) => {
  expect(() => decodePath(path)).toThrow(RegistryError);
});

test("collapseSlashes() never leaves a path that names another host, and changes nothing else", () => {
  const path = fc.array(fc.constantFrom("/", "a", ".", "%2F"), { maxLength: 12 }).map((parts) => `/${parts.join("")}`);
  fc.assert(
    fc.property(path, (written) => {
      const collapsed = collapseSlashes(written);
      expect(collapsed).not.toContain("//");
      expect(collapsed.replaceAll("/", "")).toEqual(written.replaceAll("/", ""));
    }),
  );
});

test.each([
  ["/", undefined],
  ["/v2", undefined],
  ["/v2/_catalog/", "/v2/_catalog"],
])("withoutTrailingSlash(%p)", (path, want) => {
  expect(withoutTrailingSlash(path)).toEqual(want);
});

test.each([
  ["GET", "//v2/", "/v2/"],
  ["GET", "/v2//", "/v2/"],
  ["GET", "//", "/"],
  ["GET", "//elsewhere.example/v2/", "/elsewhere.example/v2/"],
  ["GET", "/\\elsewhere.example", "/elsewhere.example"],
  ["GET", "/v2/_catalog/", "/v2/_catalog"],
  ["GET", "/v2/_catalog/?n=2&last=a%2Fb", "/v2/_catalog?n=2&last=a%2Fb"],
  ["GET", "/v2/a/tags/list/", "/v2/a/tags/list"],
  ["GET", "/v2/a//b/tags/list", "/v2/a/b/tags/list"],
  ["GET", "/v2//tags/list", "/v2/tags/list"],
  ["GET", "/v2/team%2Fapp/tags/list/", "/v2/team%2Fapp/tags/list"],
  ["HEAD", "/v2/a/manifests/latest/", "/v2/a/manifests/latest"],
  ["GET", `/v2/a/blobs/${digest}/`, `/v2/a/blobs/${digest}`],
  ["POST", "//v2/a/blobs/uploads/", "/v2/a/blobs/uploads/"],
  ["PATCH", `${session}/`, session],
  ["GET", "/v2/a/tags/list//", "/v2/a/tags/list/"],
])("%s %s leads to %s", async (method, target, location) => {
  expect(await summarize(await memoryRegistry().ask(method, target), "location")).toEqual([301, location, ""]);
});

test.each([
  ["/some//v2/", "/some/v2/"],
  ["/some/v2/_catalog/", "/some/v2/_catalog"],
])("%s leads to %s, below the prefix", async (target, location) => {
  const { ask } = memoryRegistry({ prefix: "/some/", host: "https://registry.example" });
  expect(await summarize(await ask("GET", target), "location")).toEqual([301, location, ""]);
});

test("parseUrl() refuses CONNECT and two hosts", () => {
  const url = "http://registry.example.com/v2/";
  const ask = (method: string, host: string) => {
    const headers = new Headers({ host });
    return () => parseUrl({ url, method, headers } as Request);
  };
  expect(ask("GET", "registry.example.com")().pathname).toBe("/v2/");
  expect(ask("CONNECT", "registry.example.com")).toThrow(RegistryError);
  expect(ask("GET", "a, b")).toThrow(RegistryError);
});
