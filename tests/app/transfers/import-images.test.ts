// Names in archives. The commands are shown in tests/cli/transfer/export.test.ts.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { importImages } from "../../../src/app/transfers/import-images.ts";
import { startCopyRun } from "../../../src/transfer/copy.ts";
import { pushImage, stocked } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { writeTar } from "../../transfer/archive/tars.ts";
import { copied, sourceIn } from "../../transfer/copying.ts";
import { layoutAt } from "../../transfer/layout/layout.ts";
import { placesOf } from "./copying-places.ts";

async function importAs(name: string): Promise<string> {
  using directory = temporaryDirectory();
  const from = stocked();
  await pushImage(from, "app", { tag: "v1" });
  const file = join(directory.path, "layout");
  await copied(sourceIn(from, "app"), await layoutAt(file, () => name));
  const imported: string[] = [];
  const run = startCopyRun(() => {}, new AbortController().signal);
  const onImported = ({ to }: { readonly to: string }) => void imported.push(to);
  const request = { file, to: undefined, run, onImported, onNameless: () => {} };
  await importImages(request, placesOf());
  return imported.join();
}

test.each([
  ["team/app:v1", "team/app"],
  ["docker.io/library/alpine:3", "library/alpine"],
  ["nas:5000/team/app:v1", "team/app"],
])("an image called %p comes into %p", async (name, repository) => {
  expect(await importAs(name)).toBe(repository);
});

test("an image that docker saved under several names has all of them", async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "saved.tar");
  const repoTags = ["team/app:v1", "team/app:latest", "other:v1"];
  const saved = [{ Config: "c", RepoTags: repoTags, Layers: [] }];
  writeTar(file, [
    { path: "c", text: "{}" },
    { path: "manifest.json", text: JSON.stringify(saved) },
  ]);
  const names: string[] = [];
  const run = startCopyRun(() => {}, new AbortController().signal);
  const onImported = ({ name }: { readonly name: string }) => void names.push(name);
  await importImages({ file, to: undefined, run, onImported, onNameless: () => {} }, placesOf());
  expect(names).toEqual(repoTags);
});

test.each(["../../etc/passwd:v1", "TEAM/App:v1", "oci:dir:v1"])("an image called %p comes nowhere", async (name) => {
  await expect(importAs(name)).rejects.toThrow("which is no name of an image here");
});
