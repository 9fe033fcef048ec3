import { expect, test } from "bun:test";
import { applyFlags } from "../../src/config/flags.ts";
import { emptyMap, listItems, treeAt, withTree } from "../../src/config/tree.ts";

const empty = emptyMap({ kind: "default" });

test("applyFlags() without flags changes nothing", () => {
  expect(applyFlags(empty, { sans: [], addr: undefined })).toEqual(empty);
});

test.each([
  ["http.addr", { addr: ":1" }, "--addr", ":1"],
  ["storage.filesystem.rootdirectory", { rootDirectory: "/d" }, "--data", "/d"],
  ["log.level", { logLevel: "debug" }, "--log-level", "debug"],
  ["log.formatter", { logFormat: "json" }, "--log-format", "json"],
])("applyFlags() sets %s", (path, flags, name, text) => {
  expect(treeAt(applyFlags(empty, flags), path)).toEqual({ kind: "scalar", text, origin: { kind: "flag", name } });
});

test("applyFlags() adds names to those of the file", () => {
  const path = "http.tls.selfsigned.sans";
  const tree = withTree(empty, path.split("."), { kind: "scalar", text: "a", origin: { kind: "default" } });
  const items = listItems(treeAt(applyFlags(tree, { sans: ["b", "c"] }), path));
  expect(items.map((item) => item.kind === "scalar" && item.text)).toEqual(["a", "b", "c"]);
});
