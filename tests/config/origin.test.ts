import { expect, test } from "bun:test";
import { formatOrigin, type Origin } from "../../src/config/origin.ts";

test.each<[Origin, string]>([
  [{ kind: "default" }, "default"],
  [{ kind: "file", file: "config.yml", line: 3, column: 5 }, "config.yml:3:5"],
  [{ kind: "variable", name: "REGISTRY_HTTP_ADDR" }, "REGISTRY_HTTP_ADDR"],
  [{ kind: "flag", name: "--addr" }, "--addr"],
])("formatOrigin(%p)", (origin, want) => {
  expect(formatOrigin(origin)).toEqual(want);
});
