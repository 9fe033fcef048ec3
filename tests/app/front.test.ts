import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFront } from "../../src/app/front.ts";
import { openMonitoring } from "../../src/app/observe/monitoring.ts";
import { openStore } from "../../src/app/store/open-store.ts";
import { createLogger } from "../../src/log/logger.ts";
import { load } from "../config/written-file.ts";
import { actor } from "../notifications/made-events.ts";
import { named } from "../registry/stocked.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** What requests are answered from, on an empty directory. */
async function opening(root: string, { users }: { readonly users?: string | undefined } | Record<string, never> = {}) {
  const text = `version: 0.1\nstorage: {filesystem: {rootdirectory: ${root}}}\nlog: {audit: ${join(root, "audit")}}\n`;
  const { configuration } = await load({ text });
  const [env, now] = [{}, Date.now];
  const logger = createLogger({ level: "error", format: "text", write: () => undefined, now });
  const { store } = await openStore(configuration, { env, now, warn: () => undefined });
  const monitoring = openMonitoring(configuration, { logger, now });
  const decided = users === undefined ? {} : { decided: () => ({ usersPath: users }) };
  const means = { env, now, print: () => undefined, logger, monitoring, store, dataDirectory: root, hasFile: false };
  return openFront(configuration, { ...means, ...decided });
}

test("what is done to the registry is in the audit log", async () => {
  using directory = temporaryDirectory();
  const { registry, store } = await opening(directory.path);
  const { manifests } = registry.repository(named("app"), actor);
  await manifests.put({
    bytes: new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}'),
    contentType: undefined,
    digest: undefined,
    tags: [],
  });
  expect(readFileSync(join(directory.path, "audit"), "utf8")).toContain('"event":"manifest pushed"');
  expect(store.noteRestored).toBeFunction();
});

test("without users everybody may do everything; users of the directory switch access control on", async () => {
  using directory = temporaryDirectory();
  const open = (await opening(directory.path)).access.now();
  writeFileSync(join(directory.path, "htpasswd"), "");
  const closed = (await opening(directory.path)).access.now();
  expect([open, closed?.hasUsers, closed?.usersPath]).toEqual([undefined, true, join(directory.path, "htpasswd")]);
});

test("what another process has decided counts, whatever has become of the file: nobody is a user then", async () => {
  using directory = temporaryDirectory();
  const users = join(directory.path, "htpasswd");
  const { access } = await opening(directory.path, { users });
  expect([access.now()?.hasUsers, access.now()?.madeUser]).toEqual([true, undefined]);
});
