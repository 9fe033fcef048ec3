import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { ServiceMachine } from "../../../src/cli/service/machine.ts";
import { startService } from "../../../src/cli/service/start.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeIo } from "../fake-io.ts";
import { fakeMachine } from "./fake-machine.ts";

const request = {
  verb: "install" as const,
  isUser: false,
  isPrint: false,
  isForced: false,
  serving: { positionals: [], flags: {} },
};
const current = "the service runs already, and nothing has changed for it";

/** What is done for a service that runs these words from this place, with these properties. */
async function start(words: string, link: string, properties: string, isChanged = false) {
  using root = temporaryDirectory();
  const { machine, place } = fakeMachine(root.path, {
    results: { "systemctl show": { stdout: properties }, "systemctl restart": {}, "systemctl start": {} },
  });
  place("usr/registry", "the executable");
  place("proc/7/cmdline", words);
  symlinkSync(join(root.path, link), join(root.path, "proc/7/exe"));
  return await startOn(machine, ["--http"], isChanged);
}

async function startOn(machine: ServiceMachine, given: readonly string[], isChanged = false) {
  const deeds: string[] = [];
  const command = ["/usr/registry", "serve", ...given];
  const done = (line: string) => void deeds.push(line);
  await startService(request, { command, isChanged, machine, io: fakeIo(), done });
  return deeds;
}

const running = "MainPID=7\nDropInPaths=\n";
const withDropIn = "MainPID=7\nDropInPaths=/etc/systemd/system/registry.service.d/override.conf\n";
const words = "registry\0serve\0--http\0";

test.each([
  ["that it should run", words, "usr/registry", running, false, current],
  ["nothing", words, "usr/registry", "MainPID=0\n", false, "started the service"],
  ["what is no process any more", words, "usr/registry", "MainPID=8\n", false, "restarted the service"],
  ["from a changed unit", words, "usr/registry", running, true, "restarted the service"],
  ["other arguments", "registry\0serve\0", "usr/registry", running, false, "restarted the service"],
  ["another executable", words, "usr/other", running, false, "restarted the service"],
  ["an executable that was replaced", words, "usr/registry (deleted)", running, false, "restarted the service"],
  ["what settings beside the unit say", "registry\0serve\0", "usr/other", withDropIn, false, current],
  ["an old executable with such settings", words, "usr/registry (deleted)", withDropIn, false, "restarted the service"],
])("startService() of a service that runs %s", async (_, given, link, properties, isChanged, want) => {
  expect(await start(given, link, properties, isChanged)).toEqual([want]);
});

test.each([
  [-60, "restarted the service"],
  [60, current],
])("startService() when the service has started %d s after its file was changed", async (seconds, want) => {
  using root = temporaryDirectory();
  const { machine, place } = fakeMachine(root.path, {
    results: { "systemctl show": { stdout: running }, "systemctl restart": {} },
  });
  place("usr/registry", "the executable");
  place("etc/c.yml", "version: 0.1\n");
  place("proc/7/cmdline", "registry\0serve\0/etc/c.yml\0");
  place("proc/stat", `cpu 1\nbtime ${Math.floor(Date.now() / 1000) - 1000}\n`);
  place("proc/7/stat", `7 (a ) b) S ${"0 ".repeat(18)}${(1000 + seconds) * 100} 0\n`);
  symlinkSync(join(root.path, "usr/registry"), join(root.path, "proc/7/exe"));
  expect(await startOn(machine, ["/etc/c.yml"])).toEqual([want]);
});
