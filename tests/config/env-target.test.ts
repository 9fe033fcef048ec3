import { expect, test } from "bun:test";
import { findTarget, placeValue } from "../../src/config/env-target.ts";
import { root } from "../../src/config/schema.ts";
import { emptyMap, plain, type Tree } from "../../src/config/tree.ts";
import { parseYaml } from "../../src/config/yaml.ts";

test.each<[string, string | undefined]>([
  ["HTTP", "http +"],
  ["HTTP_ADDR", "http.addr +"],
  ["HTTP_HEADERS_X-Frame-Options", "http.headers + X-Frame-Options"],
  ["HTTP_HEADERS_X_0", "http.headers + X 0"],
  ["HTTP_HEADERS_X_0_0", undefined],
  ["VALIDATION_MANIFESTS_URLS_ALLOW_0", "validation.manifests.urls.allow + 0"],
  ["STORAGE_S3_BUCKET", "storage.s3.bucket +"],
  ["STORAGE_S3AWS_BUCKET", "storage.s3.bucket +"],
  ["STORAGE_S3_TAPE", undefined],
  ["STORAGE_GCS_BUCKET", "storage.gcs + BUCKET"],
  ["STORAGE_TAPE", "storage + TAPE"],
  ["HEALTH_FILECHECKERS_0_FILE", "health.file + 0 FILE"],
  ["HEALTH_FILE_0_FILE", "health.file + 0 FILE"],
  ["PROXY_UPSTREAMS_0_REALMS_1", "proxy.upstreams + 0 REALMS 1"],
  ["PROXY_UPSTREAMS_0_USER", undefined],
  ["VALIDATION_MANIFESTS_URLS_ALLOW_0_0", undefined],
  ["http_addr", undefined],
  ["HTTP_ADR", undefined],
  ["HTTP_ADDR_X", undefined],
  ["HTTP_TLS_SELFSIGNED_X", undefined],
  ["HTTP__ADDR", undefined],
  ["VERSION", undefined],
  ["", undefined],
])("findTarget(%p)", (name, want) => {
  const target = findTarget(root, name.split("_"));
  expect(target && `${target.node.path} + ${target.rest.join(" ")}`.trim()).toEqual(want as string);
});

/** What the file holds after the value `new` was placed at a variable's target. */
function place(file: string, name: string): unknown {
  const parsed = parseYaml(file, () => ({ kind: "default" }));
  if (!("tree" in parsed)) return undefined;
  const tree = file === "" ? emptyMap({ kind: "default" }) : parsed.tree;
  const value: Tree = { kind: "scalar", text: "new", origin: { kind: "variable", name: "REGISTRY_X" } };
  const placed = placeValue(tree, name.split("_"), { value, node: root });
  return "tree" in placed ? plain(placed.tree) : placed.problem;
}

test.each<[string, string, unknown]>([
  ["", "HTTP_ADDR", { http: { addr: "new" } }],
  ["", "STORAGE_S3AWS_BUCKET", { storage: { s3: { bucket: "new" } } }],
  ["", "STORAGE_GCS_Bucket", { storage: { gcs: { bucket: "new" } } }],
  ["", "PROXY_LOCAL_0", { proxy: { local: ["new"] } }],
  ["proxy: {local: [a, b]}", "PROXY_LOCAL_1", { proxy: { local: ["a", "new"] } }],
  ["proxy: {local: [a, b]}", "PROXY_LOCAL_2", { proxy: { local: ["a", "b", "new"] } }],
  ["proxy: {local: a}", "PROXY_LOCAL_1", { proxy: { local: ["a", "new"] } }],
  ["proxy: {local: [a]}", "PROXY_LOCAL_2", "the list has 1 elements, so the next index is 1"],
  ["proxy: {local: [a]}", "PROXY_LOCAL_x", "x is not an index of a list"],
  ["proxy: {upstreams: [{host: a}]}", "PROXY_UPSTREAMS_0_HOST", { proxy: { upstreams: [{ host: "new" }] } }],
  ["proxy: {upstreams: [{host: a}]}", "PROXY_UPSTREAMS_0_CA", { proxy: { upstreams: [{ host: "a", ca: "new" }] } }],
  ["", "PROXY_UPSTREAMS_0_REALMS_0", { proxy: { upstreams: [{ realms: ["new"] }] } }],
  ["", "HTTP_HEADERS_X-A", { http: { headers: { "x-a": "new" } } }],
  ["http: {headers: {X-A: [b], Y: [c]}}", "HTTP_HEADERS_x-a", { http: { headers: { "X-A": "new", Y: ["c"] } } }],
  ["http: {headers: {X-A: [b]}}", "HTTP_HEADERS_X-A_1", { http: { headers: { "X-A": ["b", "new"] } } }],
])("in %p, a value at %p", (file, name, want) => {
  expect(place(file, name)).toEqual(want);
});
