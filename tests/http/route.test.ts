import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseRoute, type Route } from "../../src/http/route.ts";
import { RegistryError } from "../../src/oci/errors.ts";

const sha256 = `sha256:${"a".repeat(64)}`;
const sha512 = `sha512:${"b".repeat(128)}`;
const uuid = "0123abcd-0123-4abc-8abc-0123456789ab";
const page = { limit: undefined, last: undefined };
const noFilter = { artifactType: undefined, after: undefined };
const tag = (text: string) => ({ kind: "tag", tag: text });
const byDigest = (text: string) => ({ kind: "digest", digest: text });

/** The route, or the code of the refusal with its Allow. */
function route(method: string, target: string, prefix = "/"): unknown {
  const { pathname: path, searchParams: query } = new URL(`http://registry.test${target}`);
  try {
    return parseRoute({ method, path, query, prefix });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const allow = error.refusal.headers?.Allow;
    return allow === undefined ? error.code : [error.code, allow];
  }
}

const reading = "GET, HEAD, OPTIONS";

describe("places outside repositories", () => {
  test.each([
    ["GET", "/", { kind: "root" }],
    ["HEAD", "/", { kind: "root" }],
    ["GET", "/v2", { kind: "base" }],
    ["GET", "/v2/", { kind: "base" }],
    ["HEAD", "/v2/", { kind: "base" }],
    ["GET", "/ca.crt", { kind: "caCertificate" }],
    ["POST", "/auth/token", { kind: "postToken" }],
    ["PUT", "/auth/token", ["METHOD_NOT_ALLOWED", "GET, POST, OPTIONS"]],
    ["GET", "/-/assets/page-1.js", { kind: "pageFile", file: "page-1.js" }],
    ["POST", "/-/assets/page-1.js", ["METHOD_NOT_ALLOWED", reading]],
    ["GET", "/-/", "NOT_FOUND"],
    ["GET", "/auth", "NOT_FOUND"],
    ["GET", "/v2/_catalog", { kind: "catalog", page }],
    ["GET", "/v2/_catalog?n=5&last=a/b", { kind: "catalog", page: { limit: 5, last: "a/b" } }],
    ["GET", "/v2/_catalog?n=x", "PAGE_INVALID"],
    ["OPTIONS", "/v2/", { kind: "options", allow: reading }],
    ["OPTIONS", "/nowhere", "NOT_FOUND"],
    ["POST", "/v2/", ["METHOD_NOT_ALLOWED", reading]],
    ["TRACE", "/v2/", ["METHOD_NOT_ALLOWED", reading]],
    ["PROPFIND", "/v2/_catalog", ["METHOD_NOT_ALLOWED", reading]],
    ["DELETE", "/", ["METHOD_NOT_ALLOWED", reading]],
    ["GET", "/v1/", "NOT_FOUND"],
    ["GET", "/V2/", "NOT_FOUND"],
    ["GET", "/v2/%5fcatalog", { kind: "catalog", page }],
    ["GET", "/v2%2F_catalog", { kind: "catalog", page }],
    ["GET", "/v2/%255fcatalog", "NOT_FOUND"],
    ["GET", "/nowhere/", "NOT_FOUND"],
    ["GET", "/v2/a", "NOT_FOUND"],
    ["GET", "/v2/a/tags", "NOT_FOUND"],
    ["GET", "/v2/a/tags/other", "NOT_FOUND"],
    ["GET", "/v2/a/manifests/b/c", "NOT_FOUND"],
    ["GET", "/toString", "NOT_FOUND"],
    ["GET", "/__proto__", "NOT_FOUND"],
    ["GET", "/v2/constructor", "NOT_FOUND"],
  ])("%s %s", (method, target, want) => {
    expect(route(method, target)).toEqual(want as Route);
  });
});

describe("manifests, tags, blobs and referrers", () => {
  test.each([
    ["GET", "/v2/a/tags/list", { kind: "listTags", name: "a", page }],
    ["GET", "/v2/a/tags/list?n=2&last=v1", { kind: "listTags", name: "a", page: { limit: 2, last: "v1" } }],
    ["PUT", "/v2/a/tags/list", ["METHOD_NOT_ALLOWED", reading]],
    ["GET", "/v2/a/manifests/latest", { kind: "getManifest", name: "a", reference: tag("latest") }],
    ["HEAD", "/v2/a/manifests/latest", { kind: "getManifest", name: "a", reference: tag("latest") }],
    ["GET", `/v2/a/manifests/${sha512}`, { kind: "getManifest", name: "a", reference: byDigest(sha512) }],
    [
      "GET",
      `/v2/a/manifests/${sha256.replace(":", "%3A")}`,
      { kind: "getManifest", name: "a", reference: byDigest(sha256) },
    ],
    ["DELETE", "/v2/a/manifests/v1", { kind: "deleteManifest", name: "a", reference: tag("v1") }],
    ["PUT", "/v2/a/manifests/v1", { kind: "putManifest", name: "a", reference: tag("v1"), tags: ["v1"] }],
    ["PUT", "/v2/a/manifests/v1?tag=v2", "REQUEST_INVALID"],
    ["PUT", `/v2/a/manifests/${sha256}`, { kind: "putManifest", name: "a", reference: byDigest(sha256), tags: [] }],
    [
      "PUT",
      `/v2/a/manifests/${sha256}?tag=b&tag=a&tag=b`,
      { kind: "putManifest", name: "a", reference: byDigest(sha256), tags: ["b", "a"] },
    ],
    ["PUT", `/v2/a/manifests/${sha256}?tag=`, "TAG_INVALID"],
    ["PUT", `/v2/a/manifests/${sha256}?tag=a/b`, "TAG_INVALID"],
    ["PUT", "/v2/a/manifests/.bad", "TAG_INVALID"],
    ["PUT", "/v2/a/manifests/", "TAG_INVALID"],
    ["GET", "/v2/a/manifests/.bad", "MANIFEST_UNKNOWN"],
    ["GET", "/v2/a/manifests/", "MANIFEST_UNKNOWN"],
    ["DELETE", "/v2/a/manifests/-", "MANIFEST_UNKNOWN"],
    ["GET", "/v2/a/manifests/a%2Fb", "NOT_FOUND"],
    ["GET", "/v2/a/manifests/%00", "MANIFEST_UNKNOWN"],
    ["GET", "/v2/a/manifests/%zz", "REQUEST_INVALID"],
    ["GET", "/v2/a/manifests/%ff", "REQUEST_INVALID"],
    ["GET", "/v2/a/manifests/sha256:abc", "DIGEST_INVALID"],
    ["GET", `/v2/a/manifests/${sha256.toUpperCase()}`, "DIGEST_INVALID"],
    ["GET", `/v2/a/manifests/${sha256.replace(":", "%253A")}`, "MANIFEST_UNKNOWN"],
    ["POST", "/v2/a/manifests/v1", ["METHOD_NOT_ALLOWED", "GET, HEAD, PUT, DELETE, OPTIONS"]],
    ["PATCH", "/v2/a/manifests/v1", ["METHOD_NOT_ALLOWED", "GET, HEAD, PUT, DELETE, OPTIONS"]],
    ["GET", `/v2/a/blobs/${sha256}`, { kind: "getBlob", name: "a", digest: sha256 }],
    ["HEAD", `/v2/a/blobs/${sha512}`, { kind: "getBlob", name: "a", digest: sha512 }],
    ["GET", `/v2/a/blobs/${sha256.replace(":", "%3a")}`, { kind: "getBlob", name: "a", digest: sha256 }],
    ["DELETE", `/v2/a/blobs/${sha256}`, { kind: "deleteBlob", name: "a", digest: sha256 }],
    ["PUT", `/v2/a/blobs/${sha256}`, ["METHOD_NOT_ALLOWED", "GET, HEAD, DELETE, OPTIONS"]],
    ["OPTIONS", `/v2/a/blobs/${sha256}`, { kind: "options", allow: "GET, HEAD, DELETE, OPTIONS" }],
    ["GET", "/v2/a/blobs/latest", "DIGEST_INVALID"],
    ["GET", "/v2/a/blobs/", "DIGEST_INVALID"],
    ["GET", `/v2/a/blobs/md5:${"a".repeat(32)}`, "DIGEST_INVALID"],
    ["GET", `/v2/a/blobs/sha256:${"a".repeat(63)}`, "DIGEST_INVALID"],
    ["GET", `/v2/a/blobs/sha256:..%2f..%2f${"a".repeat(58)}`, "NOT_FOUND"],
    ["GET", `/v2/a/referrers/${sha256}`, { kind: "listReferrers", name: "a", digest: sha256, filter: noFilter }],
    [
      "GET",
      `/v2/a/referrers/${sha256}?artifactType=application/x%2Bjson&last=${sha512}`,
      {
        kind: "listReferrers",
        name: "a",
        digest: sha256,
        filter: { artifactType: "application/x+json", after: sha512 },
      },
    ],
    [
      "GET",
      `/v2/a/referrers/${sha256}?artifactType=`,
      { kind: "listReferrers", name: "a", digest: sha256, filter: { artifactType: "", after: undefined } },
    ],
    ["GET", `/v2/a/referrers/${sha256}?artifactType=a&artifactType=b`, "REQUEST_INVALID"],
    ["GET", `/v2/a/referrers/${sha256}?last=x`, "DIGEST_INVALID"],
    ["GET", "/v2/a/referrers/latest", "DIGEST_INVALID"],
    ["DELETE", `/v2/a/referrers/${sha256}`, ["METHOD_NOT_ALLOWED", reading]],
  ])("%s %s", (method, target, want) => {
    expect(route(method, target)).toEqual(want as Route);
  });
});

describe("uploads", () => {
  const digest = sha256;
  const session = `/v2/a/blobs/uploads/${uuid}`;
  test.each([
    ["POST", "/v2/a/blobs/uploads/", { kind: "startUpload", name: "a", algorithm: "sha256" }],
    ["POST", "/v2/a/blobs/uploads", { kind: "startUpload", name: "a", algorithm: "sha256" }],
    ["POST", "/v2/a/blobs/uploads/?digest-algorithm=sha512", { kind: "startUpload", name: "a", algorithm: "sha512" }],
    ["POST", "/v2/a/blobs/uploads/?digest-algorithm=md5", "DIGEST_INVALID"],
    ["POST", `/v2/a/blobs/uploads/?digest=${sha512}`, { kind: "postBlob", name: "a", digest: sha512 }],
    ["POST", `/v2/a/blobs/uploads/?digest=${sha256.replace(":", "%3A")}`, { kind: "postBlob", name: "a", digest }],
    ["POST", "/v2/a/blobs/uploads/?digest=x", "DIGEST_INVALID"],
    ["POST", `/v2/a/blobs/uploads/?digest=${sha256}&digest=${sha256}`, "REQUEST_INVALID"],
    ["POST", `/v2/a/blobs/uploads/?mount=${sha256}&from=b/c`, { kind: "mountBlob", name: "a", digest, from: "b/c" }],
    ["POST", `/v2/a/blobs/uploads/?mount=${sha256}`, { kind: "mountBlob", name: "a", digest, from: undefined }],
    ["POST", "/v2/a/blobs/uploads/?mount=&from=", { kind: "startUpload", name: "a", algorithm: "sha256" }],
    ["POST", "/v2/a/blobs/uploads/?mount=x&from=b", "DIGEST_INVALID"],
    ...["../b", "B", "localhost:5000/b", "b@sha256:0", "%00"].map((from) => [
      "POST",
      `/v2/a/blobs/uploads/?mount=${sha512}&from=${from}`,
      { kind: "startUpload", name: "a", algorithm: "sha512" },
    ]),
    ["POST", `/v2/a/blobs/uploads/?mount=${sha256}&mount=${sha512}`, "REQUEST_INVALID"],
    ["GET", "/v2/a/blobs/uploads/", ["METHOD_NOT_ALLOWED", "POST, OPTIONS"]],
    ["GET", session, { kind: "getUpload", name: "a", id: uuid }],
    ["HEAD", session, { kind: "getUpload", name: "a", id: uuid }],
    ["PATCH", session, { kind: "patchUpload", name: "a", id: uuid }],
    [
      "PATCH",
      session.toUpperCase().replace(/.*\//, "/v2/a/blobs/uploads/"),
      { kind: "patchUpload", name: "a", id: uuid },
    ],
    ["DELETE", session, { kind: "deleteUpload", name: "a", id: uuid }],
    ["PUT", `${session}?digest=${sha256}`, { kind: "putUpload", name: "a", id: uuid, digest }],
    ["PUT", session, "DIGEST_INVALID"],
    ["PUT", `${session}?digest=`, "DIGEST_INVALID"],
    ["PUT", `${session}?digest=md5:abc`, "DIGEST_INVALID"],
    ["POST", session, ["METHOD_NOT_ALLOWED", "GET, HEAD, PATCH, PUT, DELETE, OPTIONS"]],
    ["GET", "/v2/a/blobs/uploads/1", "BLOB_UPLOAD_UNKNOWN"],
    ["GET", "/v2/a/blobs/uploads/..%2f..%2f..%2fetc", "NOT_FOUND"],
    ["GET", `${session}%00`, "BLOB_UPLOAD_UNKNOWN"],
    ["PUT", `${session}?_state=open&digest=${sha256}`, { kind: "putUpload", name: "a", id: uuid, digest }],
    ["PATCH", `${session}?_state=open&_state=open`, { kind: "patchUpload", name: "a", id: uuid }],
  ] as [string, string, unknown][])("%s %s", (method, target, want) => {
    expect(route(method, target)).toEqual(want as Route);
  });
});

describe("repository names", () => {
  const words = ["tags", "manifests", "blobs", "uploads", "referrers", "list", "v2", "_", "a-b", "a__b", "a.b", "0"];
  const names = words.filter((word) => word !== "_").flatMap((word) => [word, `${word}/x`, `x/${word}`]);
  const awkward = ["tags/list", "blobs/uploads", "a/manifests/b", "x/blobs/uploads", "v2/a/tags/list", "a/b/c/d/e"];

  test.each([...names, ...awkward])("%s may be a name in every place", (name) => {
    const wanted: [string, string, unknown][] = [
      ["GET", "tags/list", { kind: "listTags", name, page }],
      ["GET", "manifests/list", { kind: "getManifest", name, reference: tag("list") }],
      ["GET", "manifests/uploads", { kind: "getManifest", name, reference: tag("uploads") }],
      ["GET", `blobs/${sha256}`, { kind: "getBlob", name, digest: sha256 }],
      ["POST", "blobs/uploads/", { kind: "startUpload", name, algorithm: "sha256" }],
      ["PATCH", `blobs/uploads/${uuid}`, { kind: "patchUpload", name, id: uuid }],
      ["GET", `referrers/${sha256}`, { kind: "listReferrers", name, digest: sha256, filter: noFilter }],
    ];
    expect(wanted.map(([method, rest]) => route(method, `/v2/${name}/${rest}`))).toEqual(
      wanted.map(([, , want]) => want),
    );
  });

  const bad =
    "A a%252Fb a%2F%2Fb a%2F..%2Fb ..%2Fb a%2F a%00 a%5Cb -a a- a..b a___b _a a%20b é %2e%2e a/_uploads".split(" ");
  test.each([...bad, "a".repeat(256), `${"a/".repeat(127)}bc`].map((name) => [name.slice(0, 40), name]))(
    "%s… is no name",
    (_shown, name) => {
      const targets = ["tags/list", "manifests/latest", `blobs/${sha256}`, `referrers/${sha256}`];
      // %2e%2e is folded with the segment before it, as every client and proxy does.
      const want = name === "%2e%2e" ? "NOT_FOUND" : "NAME_INVALID";
      expect(targets.map((rest) => route("GET", `/v2/${name}/${rest}`))).toEqual(targets.map(() => want));
    },
  );

  test.each(["team%2Fapp", "team%2fapp", "t%65am/app", "%74%65am%2F%61pp"])("%s is team/app", (name) => {
    expect(route("GET", `/v2/${name}/tags/list`)).toEqual({ kind: "listTags", name: "team/app", page });
  });

  test.each(["/v2/tags/list", "/v2/manifests/latest", `/v2/blobs/${sha256}`, "/v2/%2Ftags/list"])(
    "%s has no name",
    (target) => {
      expect(route("GET", target)).toEqual("NAME_INVALID");
    },
  );
});

describe("a prefix", () => {
  test.each([
    ["/some/where/", { kind: "root" }],
    ["/some/where/v2/", { kind: "base" }],
    ["/some/where/v2/a/tags/list", { kind: "listTags", name: "a", page }],
    ["/some/where/v2/some/where/tags/list", { kind: "listTags", name: "some/where", page }],
    ["/some/where/-/assets/a.js", { kind: "pageFile", file: "a.js" }],
    ["/-/assets/a.js", "NOT_FOUND"],
    ["/some/where/ca.crt", { kind: "caCertificate" }],
    ["/ca.crt", { kind: "caCertificate" }],
    ["/", { kind: "root" }],
    ["/v2/", "NOT_FOUND"],
    ["/some/where", "NOT_FOUND"],
    ["/some/wherev2/", "NOT_FOUND"],
    ["/other/some/where/v2/", "NOT_FOUND"],
  ])("/some/where/ stands before %s", (target, want) => {
    expect(route("GET", target, "/some/where/")).toEqual(want as Route);
  });
});

test.each([
  [100, "putManifest"],
  [101, "TOO_MANY_TAGS"],
])("a push with %p tags", (count, want) => {
  const query = Array.from({ length: count }, (_, index) => `tag=t${index}`).join("&");
  const found = route("PUT", `/v2/a/manifests/${sha256}?${query}`);
  expect(typeof found === "string" ? found : (found as Route).kind).toEqual(want);
});

test("parseRoute() finds the name and the reference again in every path that is made of them", () => {
  const component = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?$/);
  const name = fc.array(fc.oneof(component, fc.constantFrom("tags", "list", "blobs", "uploads")), {
    minLength: 1,
    maxLength: 5,
  });
  const reference = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);
  fc.assert(
    fc.property(name, reference, (components, text) => {
      const joined = components.join("/");
      expect(route("GET", `/v2/${joined}/manifests/${text}`)).toEqual({
        kind: "getManifest",
        name: joined,
        reference: tag(text),
      });
    }),
  );
});

test("parseRoute() answers or refuses, whatever the path", () => {
  const anything = fc.oneof(
    fc.webPath({ size: "small" }),
    fc.webPath({ size: "small" }).map((path) => `/v2${path}`),
    fc.string().map((text) => `/v2/a/manifests/${text}`),
  );
  fc.assert(
    fc.property(
      fc.constantFrom("GET", "PUT", "POST", "PATCH", "DELETE"),
      anything,
      fc.webQueryParameters({ size: "small" }),
      (method, path, query) => {
        const found = route(method, `${encodeURI(path.toWellFormed())}?${query}`);
        expect(["string", "object"]).toContain(typeof found);
      },
    ),
  );
});
