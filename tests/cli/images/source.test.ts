import { expect, test } from "bun:test";
import { formatImageName } from "../../../src/cli/images/source.ts";

test.each([
  [undefined, "app", "v1", "app:v1"],
  [undefined, "app", "sha256:ab", "app@sha256:ab"],
  [undefined, "ghcr.io/app", "", "/ghcr.io/app"],
  ["nas:5000", "app", "", "nas:5000/app"],
  ["nas:5000", "app", "v1", "nas:5000/app:v1"],
])("formatImageName(%p, %p, %p)", (host, name, reference, want) => {
  expect(formatImageName(host, name, reference)).toBe(want);
});
