import { expect, test } from "bun:test";
import { applyNamespace, formatWarning } from "../../src/http/namespace.ts";
import { parseRoute } from "../../src/http/route.ts";
import { parseRepositoryName, type RepositoryName } from "../../src/oci/name.ts";
import { codeOf } from "../proxy/caching.ts";

const find = (ns: string, name: RepositoryName) =>
  ns === "ghcr.io" ? parseRepositoryName(`ghcr.io/${name}`) : undefined;

function apply(target: string, finder: typeof find | undefined = find) {
  const url = new URL(target, "http://x");
  const route = parseRoute({ method: "GET", path: url.pathname, query: url.searchParams, prefix: "/" });
  try {
    const applied = applyNamespace(route, url.searchParams, finder);
    return ["name" in applied.route ? applied.route.name : applied.route.kind, applied.ns];
  } catch (error) {
    return codeOf(error);
  }
}

test.each([
  ["/v2/a/b/manifests/latest?ns=ghcr.io", ["ghcr.io/a/b", "ghcr.io"]],
  ["/v2/a/b/tags/list?ns=ghcr.io&n=3", ["ghcr.io/a/b", "ghcr.io"]],
  ["/v2/a/b/manifests/latest", ["a/b", undefined]],
  ["/v2/a/b/manifests/latest?ns=", ["a/b", undefined]],
  ["/v2/a/b/manifests/latest?ns=quay.io", "NAME_UNKNOWN"],
  ["/v2/a/b/manifests/latest?ns=ghcr.io&ns=quay.io", "REQUEST_INVALID"],
  ["/v2/?ns=quay.io", ["base", undefined]],
])("applyNamespace() makes of %p %p", (target, want) => {
  expect(apply(target)).toEqual(want);
});

test("applyNamespace() without caches ignores ns", () => {
  const url = new URL("http://x/v2/a/manifests/latest?ns=quay.io");
  const route = parseRoute({ method: "GET", path: url.pathname, query: url.searchParams, prefix: "/" });
  expect(applyNamespace(route, url.searchParams, undefined)).toEqual({ route, ns: undefined });
});

test("applyNamespace() repeats no more of ns than a host may be long", () => {
  const url = new URL(`http://x/v2/a/manifests/latest?ns=${"n".repeat(1000)}`);
  const route = parseRoute({ method: "GET", path: url.pathname, query: url.searchParams, prefix: "/" });
  const detail = { ns: "n".repeat(255), name: "a" };
  expect(() => applyNamespace(route, url.searchParams, find)).toThrow(
    expect.objectContaining({ refusal: expect.objectContaining({ detail }) }),
  );
});

test("formatWarning() shortens what an upstream said", () => {
  expect(formatWarning("x".repeat(10_000))).toBe(`299 - "${"x".repeat(500)}"`);
});

test("formatWarning() quotes what would end the header", () => {
  expect(formatWarning('it said "no"\\ \n ü')).toBe('299 - "it said \\"no\\"\\\\ ? ?"');
});
