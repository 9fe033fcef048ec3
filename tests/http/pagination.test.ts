import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatNextLink, parsePageQuery, singleValue } from "../../src/http/pagination.ts";
import { RegistryError } from "../../src/oci/errors.ts";

test.each([
  ["", { limit: undefined, last: undefined }],
  ["n=0", { limit: 0, last: undefined }],
  ["n=10&last=a", { limit: 10, last: "a" }],
  ["n=010", { limit: 10, last: undefined }],
  ["n=1000000000", { limit: 1_000_000_000, last: undefined }],
  ["n=&last=", { limit: undefined, last: undefined }],
  ["last=a%2Fb", { limit: undefined, last: "a/b" }],
  ["unknown=1&unknown=2", { limit: undefined, last: undefined }],
])("parsePageQuery(%p)", (query, want) => {
  expect(parsePageQuery(new URLSearchParams(query))).toEqual(want);
});

test.each([
  ["n=-1", "PAGE_INVALID"],
  ["n=1.5", "PAGE_INVALID"],
  ["n=1e9", "PAGE_INVALID"],
  ["n=0x10", "PAGE_INVALID"],
  ["n=NaN", "PAGE_INVALID"],
  ["n=Infinity", "PAGE_INVALID"],
  ["n=%201", "PAGE_INVALID"],
  ["n=+1", "PAGE_INVALID"],
  ["n=%D9%A1", "PAGE_INVALID"],
  ["n=99999999999999999999", "PAGE_INVALID"],
  ["n=1&n=1", "REQUEST_INVALID"],
  ["n=1&n=", "REQUEST_INVALID"],
  ["last=a&last=b", "REQUEST_INVALID"],
])("parsePageQuery(%p) is refused with %p", (query, code) => {
  expect(codeOf(() => parsePageQuery(new URLSearchParams(query)))).toEqual(code);
});

test("singleValue() takes an empty value for an absent one", () => {
  const query = new URLSearchParams("a=&b=1");
  expect(["a", "b", "c"].map((key) => singleValue(query, key))).toEqual([undefined, "1", undefined]);
});

test.each([
  [{ n: "5", last: "v1" }, '</v2/a/tags/list?n=5&last=v1>; rel="next"'],
  [{ n: "5", last: "a/b" }, '</v2/a/tags/list?n=5&last=a%2Fb>; rel="next"'],
  [{ artifactType: undefined, last: "sha256:ab" }, '</v2/a/tags/list?last=sha256%3Aab>; rel="next"'],
  [{ artifactType: "a/b+c >" }, '</v2/a/tags/list?artifactType=a%2Fb%2Bc+%3E>; rel="next"'],
])("formatNextLink(%p)", (query, want) => {
  expect(formatNextLink("/v2/a/tags/list", query)).toEqual(want);
});

test("a query that formatNextLink() writes is read back as it was", () => {
  fc.assert(
    fc.property(fc.nat(), fc.string({ minLength: 1 }), (limit, last) => {
      const link = formatNextLink("/v2/_catalog", { n: String(limit), last });
      const target = /^<([^>]*)>; rel="next"$/.exec(link)?.[1] ?? "";
      expect(parsePageQuery(new URL(target, "http://registry.test").searchParams)).toEqual({
        limit,
        last: last.toWellFormed(),
      });
    }),
  );
});

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof RegistryError ? error.code : error;
  }
}

test("parsePageQuery() takes only numbers of up to 15 digits for n, whatever the query", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String), fc.maxSafeNat().map(String)),
      (n) => {
        const outcome = codeOf(() => parsePageQuery(new URLSearchParams([["n", n]])).limit);
        const isNumber = /^[0-9]{1,15}$/.test(n);
        expect(outcome).toEqual(n === "" ? undefined : isNumber ? Number(n) : "PAGE_INVALID");
      },
    ),
  );
});
