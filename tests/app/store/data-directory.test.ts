import { expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canUseDirectory, chooseDataDirectory } from "../../../src/app/store/data-directory.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const system = "/var/lib/registry";
const home = { HOME: "/home/me" };

test.each([
  ["what was configured, whether or not it can be used", "/data", home, [], "/data"],
  ["the system's where it can be used", undefined, home, [system, "/home/me/.local/share/registry"], system],
  ["the user's otherwise", undefined, home, ["/home/me/.local/share/registry"], "/home/me/.local/share/registry"],
  ["XDG_DATA_HOME before HOME", undefined, { ...home, XDG_DATA_HOME: "/x" }, ["/x/registry"], "/x/registry"],
  ["nothing where nothing can be used", undefined, home, [], undefined],
  ["nothing without HOME", undefined, { HOME: "" }, ["/registry", "/.local/share/registry"], undefined],
])("chooseDataDirectory() takes %s", (_name, configured, env, usable, want) => {
  const canUse = (path: string) => (usable as readonly string[]).includes(path);
  expect(chooseDataDirectory(configured, { env, canUse })).toEqual(want);
});

test("canUseDirectory() takes what could be made, makes nothing, and refuses a path through a file", () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "file"), "");
  const usable = ["", "a/b", "file", "file/b"].map((name) => canUseDirectory(join(directory.path, name)));
  expect([usable, readdirSync(directory.path)]).toEqual([[true, true, false, false], ["file"]]);
});
