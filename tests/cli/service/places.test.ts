import { expect, test } from "bun:test";
import { chooseExecutable, explainHidden, findHome, unitPath } from "../../../src/cli/service/places.ts";

const home = { directory: "/home/u", configHome: "/home/u/.config", dataHome: "/home/u/.local/share" };

test.each([
  [{ HOME: "/home/u" }, home],
  [
    { HOME: "/home/u/", XDG_CONFIG_HOME: "/cfg", XDG_DATA_HOME: "/data" },
    { directory: "/home/u", configHome: "/cfg", dataHome: "/data" },
  ],
  [{ HOME: "/home/u", XDG_CONFIG_HOME: "cfg", XDG_DATA_HOME: "" }, home],
  [{ HOME: "u" }, undefined],
  [{ HOME: "" }, undefined],
  [{}, undefined],
])("findHome(%j)", (env, want) => {
  expect(findHome(env)).toEqual(want);
});

test("unitPath() is the machine's, or the user's", () => {
  expect([unitPath(undefined), unitPath(home)]).toEqual([
    "/etc/systemd/system/registry.service",
    "/home/u/.config/systemd/user/registry.service",
  ]);
});

test.each([
  ["/usr/bin/registry", undefined, "/usr/bin/registry"],
  ["/opt/registry/bin/registry-1.2", undefined, "/opt/registry/bin/registry-1.2"],
  ["/opt/my registry/registry", undefined, "/usr/local/bin/registry"],
  ["/opt/100%/registry", undefined, "/usr/local/bin/registry"],
  ["/home/u/registry", undefined, "/usr/local/bin/registry"],
  ["/home/u/.local/bin/registry", undefined, "/usr/local/bin/registry"],
  ["/tmp/registry", undefined, "/usr/local/bin/registry"],
  [undefined, undefined, "/usr/local/bin/registry"],
  ["/usr/bin/registry", home, "/usr/bin/registry"],
  ["/home/u/bin/registry-1.2", home, "/home/u/bin/registry-1.2"],
  ["/home/u/.local/bin/registry", home, "/home/u/.local/bin/registry"],
  ["/home/u/src/dist/registry", home, "/home/u/.local/bin/registry"],
])("chooseExecutable(%p, %j)", (path, whose, want) => {
  expect(chooseExecutable(path, whose)).toBe(want);
});

test.each([
  ["/home/u/data", "it sees no home directories"],
  ["/home", "it sees no home directories"],
  ["/root/data", "it sees no home directories"],
  ["/tmp/data", "it has a /tmp of its own"],
  ["/dev/shm/data", "it sees little of what the kernel shows there"],
  ["/homes/data", undefined],
  ["/srv/home/data", undefined],
])("explainHidden(%p)", (path, want) => {
  expect(explainHidden(path)).toBe(want);
});
