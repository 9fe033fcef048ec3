import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSwitchedAccess } from "../../../src/app/access/switched-access.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });

test.each([
  ["without a configuration file", false, [false, true, true]],
  ["not with one, which says it itself", true, [false, false, false]],
])("a file of users that comes later switches access control on %s", async (_what, hasFile, want) => {
  using directory = temporaryDirectory();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const logger = createLogger({ level: "info", format: "text", write, now: Date.now });
  const { configuration } = await loadConfiguration({ path: undefined, env: {}, flags: {} });
  const surroundings = { dataDirectory: directory.path, logger, now: Date.now, hasFile };
  const access = await openSwitchedAccess(configuration, surroundings);
  await access.reload(configuration);
  const seen = [access.now() !== undefined];
  writeFileSync(join(directory.path, "htpasswd"), `alice:${hash}\n`);
  for (const _ of ["once", "twice"]) {
    await access.reload(configuration);
    seen.push(access.now() !== undefined);
  }
  expect([seen, lines.length]).toEqual([want, hasFile ? 0 : 1]);
});

test("a file that cannot be used changes nothing", async () => {
  using directory = temporaryDirectory();
  const logger = createLogger({ level: "error", format: "text", write: () => {}, now: Date.now });
  const { configuration } = await loadConfiguration({ path: undefined, env: {}, flags: {} });
  const access = await openSwitchedAccess(configuration, {
    dataDirectory: directory.path,
    logger,
    now: Date.now,
    hasFile: false,
  });
  writeFileSync(join(directory.path, "htpasswd"), "alice:plain text\n");
  await expect(access.reload(configuration)).rejects.toThrow("does not hold a bcrypt hash");
  expect(access.now()).toBeUndefined();
});

test("where another process decides, files of users count when it says so", async () => {
  using directory = temporaryDirectory();
  const logger = createLogger({ level: "error", format: "text", write: () => {}, now: Date.now });
  const { configuration } = await loadConfiguration({ path: undefined, env: {}, flags: {} });
  const usersPath = join(directory.path, "htpasswd");
  writeFileSync(usersPath, `alice:${hash}\n`);
  const decision: { access: { readonly usersPath: string } | undefined } = { access: undefined };
  const access = await openSwitchedAccess(configuration, {
    dataDirectory: directory.path,
    logger,
    now: Date.now,
    hasFile: false,
    decided: () => decision.access,
  });
  await access.reload(configuration);
  const before = access.now();
  decision.access = { usersPath };
  await access.reload(configuration);
  expect([before, access.now()?.usersPath]).toEqual([undefined, usersPath]);
});
