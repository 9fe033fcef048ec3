import { expect, test } from "bun:test";
import { findTarget } from "../../src/config/env-target.ts";
import { foreignKeys } from "../../src/config/foreign-keys.ts";
import { keyList } from "../../src/config/schema.ts";
import { buildShape } from "../../src/config/shape.ts";

const shape = buildShape(keyList, foreignKeys);

test.each<[string, string | undefined]>([
  ["HTTP", "http +"],
  ["HTTP_ADDR", "http.addr +"],
  ["HTTP_HEADERS_X-Frame-Options", "http.headers + X-Frame-Options"],
  ["HTTP_HEADERS_X_0", "http.headers + X 0"],
  ["HTTP_HEADERS_X_0_0", undefined],
  ["VALIDATION_MANIFESTS_URLS_ALLOW_0", "validation.manifests.urls.allow + 0"],
  ["STORAGE_S3_BUCKET", "storage.s3 + BUCKET"],
  ["STORAGE_TAPE", "storage + TAPE"],
  ["HEALTH_FILECHECKERS_0_FILE", "health + FILECHECKERS 0 FILE"],
  ["http_addr", undefined],
  ["HTTP_ADR", undefined],
  ["HTTP_ADDR_X", undefined],
  ["HTTP_TLS_SELFSIGNED_X", undefined],
  ["HTTP__ADDR", undefined],
  ["VERSION", undefined],
  ["", undefined],
])("findTarget(%p)", (name, want) => {
  const target = findTarget(shape, name.split("_"));
  expect(target && `${target.path.join(".")} + ${target.rest.join(" ")}`.trim()).toEqual(want as string);
});
