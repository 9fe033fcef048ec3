import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openArchiveFile } from "../../../src/transfer/archive/archive-file.ts";
import { codeOf } from "../../registry/refused.ts";
import { utf8 } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("an archive is in its place when it is whole, and not before", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "a.tar");
  writeFileSync(path, "old");
  const given = await openArchiveFile(path);
  await given.write(utf8("half"));
  await given.abandon();
  expect([readdirSync(directory.path), readFileSync(path, "utf8")]).toEqual([["a.tar"], "old"]);
  const sink = await openArchiveFile(path);
  await sink.write(utf8("new"));
  expect(readFileSync(path, "utf8")).toBe("old");
  await sink.finish();
  await sink.abandon();
  expect([readdirSync(directory.path), readFileSync(path, "utf8")]).toEqual([["a.tar"], "new"]);
});

test("an archive takes the place of a file, and of nothing else", async () => {
  using directory = temporaryDirectory();
  // A device would be gone afterwards.
  for (const path of ["/dev/zero", directory.path]) {
    expect(await codeOf(openArchiveFile(path).then((sink) => sink.abandon()))).toBe("UNSUPPORTED");
  }
  const [path, link] = [join(directory.path, "a.tar"), join(directory.path, "latest")];
  writeFileSync(path, "old");
  symlinkSync("a.tar", link);
  const sink = await openArchiveFile(link);
  await sink.write(utf8("new"));
  await sink.finish();
  expect([readdirSync(directory.path).sort(), readFileSync(path, "utf8")]).toEqual([["a.tar", "latest"], "new"]);
});

test("an archive that cannot come into its place leaves nothing behind", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "a.tar");
  const sink = await openArchiveFile(path);
  mkdirSync(join(path, "meanwhile"), { recursive: true });
  expect(String(await sink.finish().catch((error) => error))).toContain("EISDIR");
  await sink.abandon();
  expect(readdirSync(directory.path)).toEqual(["a.tar"]);
});

test("what killed exports left behind is removed, and nothing else", async () => {
  using directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  const left = (path: string) => `.${path}.${crypto.randomUUID()}.part`;
  const [old, recent, another, foreign] = [left("a.tar"), left("a.tar"), left("b.tar"), ".a.tar.mine.part"];
  for (const name of [old, recent, another, foreign]) writeFileSync(at(name), "half");
  const other = await openArchiveFile(at("a.tar"));
  const [held = ""] = readdirSync(directory.path).filter((name) => ![old, recent, another, foreign].includes(name));
  for (const name of [old, another, foreign, held]) utimesSync(at(name), 1, 1);
  const sink = await openArchiveFile(at("a.tar"));
  await sink.abandon();
  expect(readdirSync(directory.path).sort()).toEqual([recent, another, foreign, held].sort());
  await other.abandon();
});
