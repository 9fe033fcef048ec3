import { expect, test } from "bun:test";
import { applyFlags } from "../../src/config/flags.ts";
import { emptyMap, listItems, treeAt, withTree } from "../../src/config/tree.ts";

const empty = emptyMap({ kind: "default" });

test("applyFlags() without flags, or with those of others, changes nothing", () => {
  expect(applyFlags(empty, { san: [], addr: undefined, "dry-run": [""], http: [""] })).toEqual(empty);
});

test.each([
  ["http.addr", "addr", "--addr"],
  ["storage.filesystem.rootdirectory", "data", "--data"],
  ["log.level", "log-level", "--log-level"],
  ["log.formatter", "log-format", "--log-format"],
  ["proxy.remoteurl", "url", "<url>"],
  ["proxy.username", "username", "--username"],
  ["proxy.password", "password-file", "--password-file"],
  ["proxy.ttl", "ttl", "--ttl"],
  ["proxy.maxsize", "max-size", "--max-size"],
])("%s is set by %s", (path, flag, name) => {
  expect(treeAt(applyFlags(empty, { [flag]: ["a", "b"] }), path)).toEqual({
    kind: "scalar",
    text: "a",
    origin: { kind: "flag", name },
  });
});

test("applyFlags() adds names to those of the file", () => {
  const path = "http.tls.selfsigned.sans";
  const tree = withTree(empty, path.split("."), { kind: "scalar", text: "a", origin: { kind: "default" } });
  const items = listItems(treeAt(applyFlags(tree, { san: ["b", "c"] }), path));
  expect(items.map((item) => item.kind === "scalar" && item.text)).toEqual(["a", "b", "c"]);
});
