import { expect, test } from "bun:test";
import { nameFile } from "../../src/ui/file-name.ts";

test.each([
  ["sbom.spdx.json", "sbom.spdx.json"],
  ["../../etc/passwd", "passwd"],
  ["a\\b.txt", "b.txt"],
  [".bashrc", "bashrc"],
  ["é <x>.json", "___x_.json"],
  ["", "sha256-abc.json"],
  ["/", "sha256-abc.json"],
  ["x".repeat(500), "x".repeat(100)],
  [undefined, "sha256-abc.json"],
])("nameFile() of %p", (title, want) => {
  expect(nameFile(title, "sha256:abc")).toEqual(want);
});
