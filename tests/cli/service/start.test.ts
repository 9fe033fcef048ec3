import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
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
  const deeds: string[] = [];
  const command = ["/usr/registry", "serve", "--http"];
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
