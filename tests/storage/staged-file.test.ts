import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { placeFiles, removeQuietly } from "../../src/storage/staged-file.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("placeFiles() puts files into their places up to the first that has none, and removes the others", async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "full/below"), { recursive: true });
  const staged = ["a", "full", "z"].map((name) => {
    const path = join(directory.path, name);
    writeFileSync(`${path}.tmp`, name);
    return { path, temporary: `${path}.tmp`, device: 0 };
  });
  const steps: string[] = [];
  const note = (step: string) => async (file: { readonly path: string }) =>
    void steps.push(`${step} ${basename(file.path)}`);
  await expect(placeFiles(staged, { before: note("before"), after: note("after") })).rejects.toThrow("EISDIR");
  expect(steps).toEqual(["before a", "after a", "before full"]);
  expect([readdirSync(directory.path).sort(), readFileSync(join(directory.path, "a"), "utf8")]).toEqual([
    ["a", "full"],
    "a",
  ]);
});

test("removeQuietly() leaves what it cannot remove", () => {
  using directory = temporaryDirectory();
  removeQuietly(join(directory.path, "none"));
  removeQuietly(directory.path);
  expect(readdirSync(directory.path)).toEqual([]);
});
