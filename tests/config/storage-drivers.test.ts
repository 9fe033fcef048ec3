import { expect, test } from "bun:test";
import { judgeDrivers, renameDriver } from "../../src/config/storage-drivers.ts";
import { plain, type Tree, withTree } from "../../src/config/tree.ts";
import { parseYaml } from "../../src/config/yaml.ts";

function treeOf(text: string): Tree {
  const result = parseYaml(text, (line, column) => ({ kind: "file", file: "c.yml", line, column }));
  if ("problems" in result) throw new Error(JSON.stringify(result.problems));
  return result.tree;
}

test.each([
  ["storage: {s3aws: {bucket: b}}", { storage: { s3: { bucket: "b" } } }],
  ["storage: {s3aws: {bucket: b, region: r}, s3: {bucket: c}}", { storage: { s3: { bucket: "c", region: "r" } } }],
  ["storage: {s3: {bucket: b}}", { storage: { s3: { bucket: "b" } } }],
  ["storage: filesystem", { storage: "filesystem" }],
  ["version: 0.1", { version: "0.1" }],
])("renameDriver() of %p", (text, want) => {
  expect(plain(renameDriver(treeOf(text)))).toEqual(want);
});

const twice = "c.yml:1:28: storage.s3: storage has two drivers, filesystem and s3; remove one of them";

test.each([
  ["storage: {filesystem: {}, s3: {bucket: b}}", [twice.replace("1:28", "1:27")]],
  ["storage: {filesystem: {}, s3: }", [twice.replace("1:28", "1:27")]],
  ["storage: {filesystem: {}, s3: false}", []],
  ["storage: {s3: {bucket: b}}", []],
  ["storage: {filesystem: {rootdirectory: /x}}", []],
])("judgeDrivers() of %p", (text, want) => {
  expect(judgeDrivers(treeOf(text))).toEqual(want);
});

test("judgeDrivers() names the flag that names a directory", () => {
  const flag: Tree = { kind: "scalar", text: "/x", origin: { kind: "flag", name: "--data" } };
  const tree = withTree(treeOf("storage: {s3: {bucket: b}}"), ["storage", "filesystem", "rootdirectory"], flag);
  expect(judgeDrivers(tree)).toEqual([
    "--data: names a directory, but the data lies in the bucket of storage.s3; leave one of them out",
  ]);
});
