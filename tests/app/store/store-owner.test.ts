import { expect, test } from "bun:test";
import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { becomeOwner } from "../../../src/app/store/store-owner.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { isRoot } from "../../without-root.ts";

const before = process.geteuid?.();
const other = 65534;

test.each([
  ["of a server's own directories first", { locks: other, "docker/registry/v2": 0 }, other],
  ["else of what is stored", { "docker/registry/v2": other }, other],
  ["nobody where a server of root wrote", { locks: 0, "docker/registry/v2": other }, 0],
  ["nobody where nothing is stored", {}, 0],
])("becomeOwner() makes root the owner %s", (_what, owners, want) => {
  using directory = temporaryDirectory();
  for (const [name, uid] of Object.entries(owners)) {
    const path = join(directory.path, name);
    mkdirSync(path, { recursive: true });
    if (isRoot) chownSync(path, uid, uid);
  }
  becomeOwner(directory.path);
  const became = process.geteuid?.();
  if (isRoot) {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
  expect(became).toBe(isRoot ? want : before);
});
