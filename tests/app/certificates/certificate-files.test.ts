import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  finishReplacement,
  hasUnfinishedReplacement,
  makeCertificateDirectory,
  protectKeys,
  readCertificateFiles,
  replaceCertificateFiles,
} from "../../../src/app/certificates/certificate-files.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("readCertificateFiles() of a directory that is not there is empty", async () => {
  using directory = temporaryDirectory();
  expect(await readCertificateFiles(join(directory.path, "none"))).toEqual({});
});

test("makeCertificateDirectory() makes parents, and leaves what is there", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "a/b/c");
  await makeCertificateDirectory(path);
  await makeCertificateDirectory(path);
  expect(statSync(path).isDirectory()).toBe(true);
});

test("replaceCertificateFiles() replaces the named files and leaves the others, keys for the owner alone", async () => {
  using directory = temporaryDirectory();
  await replaceCertificateFiles(directory.path, { "ca.crt": "1", "ca.key": "2", "server.crt": "3", "server.key": "4" });
  await replaceCertificateFiles(directory.path, { "server.crt": "5", "server.key": "6" });
  const modes = readdirSync(directory.path).map((name) => [name, statSync(join(directory.path, name)).mode & 0o777]);
  expect([await readCertificateFiles(directory.path), Object.fromEntries(modes)]).toEqual([
    { "ca.crt": "1", "ca.key": "2", "server.crt": "5", "server.key": "6" },
    { "ca.crt": 0o644, "ca.key": 0o600, "server.crt": 0o644, "server.key": 0o600 },
  ]);
});

test("protectKeys() lets nobody else read a key that was open to them, and leaves certificates", async () => {
  using directory = temporaryDirectory();
  await replaceCertificateFiles(directory.path, { "ca.crt": "1", "ca.key": "2" });
  const modes = () => ["ca.crt", "ca.key"].map((name) => statSync(join(directory.path, name)).mode & 0o777);
  for (const name of ["ca.crt", "ca.key"]) chmodSync(join(directory.path, name), 0o644);
  protectKeys(directory.path);
  expect(modes()).toEqual([0o644, 0o600]);
});

test("replaceCertificateFiles() starts over where a killed process was still writing", async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, ".new"));
  writeFileSync(join(directory.path, ".new/ca.key"), "half");
  await replaceCertificateFiles(directory.path, { "server.key": "6" });
  expect(await readCertificateFiles(directory.path)).toEqual({ "server.key": "6" });
});

test("finishReplacement() moves into place what a killed process had ready", async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, ".ready"));
  writeFileSync(join(directory.path, "server.crt"), "new");
  writeFileSync(join(directory.path, "server.key"), "old");
  writeFileSync(join(directory.path, ".ready/server.key"), "new");
  const before = await hasUnfinishedReplacement(directory.path);
  await finishReplacement(directory.path);
  expect([before, await hasUnfinishedReplacement(directory.path), await readCertificateFiles(directory.path)]).toEqual([
    true,
    false,
    { "server.crt": "new", "server.key": "new" },
  ]);
});
