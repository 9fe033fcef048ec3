import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanCaches } from "../../../src/app/caches/evict-caches.ts";
import { openCaches } from "../../../src/app/caches/open-caches.ts";
import type { ProxyConfiguration } from "../../../src/config/proxy-section.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { BlobSizes } from "../../../src/registry/blob-sizes.ts";
import { openRegistry } from "../../../src/registry/registry.ts";
import { openMemory } from "../../storage/memory.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const main = {
  host: "up.example",
  remoteurl: "https://up.example",
  username: undefined,
  password: undefined,
  exec: undefined,
  ttl: 3_600_000,
  ca: undefined,
  realms: [],
};
const proxy: ProxyConfiguration = {
  main,
  others: [],
  local: ["local/**"],
  fresh: 0,
  ttl: 3_600_000,
  maxsize: undefined,
  cachewritetimeout: 1000,
};

/** The warnings of a start on a store with three repositories that carry no marker. */
async function startWith(state: string | undefined): Promise<readonly Record<string, unknown>[]> {
  using directory = temporaryDirectory();
  if (state !== undefined) writeFileSync(join(directory.path, "scheduler-state.json"), state);
  const store = { ...openMemory(), now: Date.now, uuid: () => crypto.randomUUID() };
  for (const name of ["team/pushed", "library/cached", "local/own"]) {
    await store.directory.makePrefix(`docker/registry/v2/repositories/${name}/_manifests`);
  }
  const lines: Record<string, unknown>[] = [];
  const told = Promise.withResolvers<void>();
  const write = (line: string) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    if (line.includes("repositories")) told.resolve();
  };
  const logger = createLogger({ level: "info", format: "json", write, now: () => 0 });
  const local = openRegistry(store, { rules: { urls: "any", children: "all" } });
  const caches = openCaches(proxy, { env: {}, store, local, sizes: new BlobSizes(store), report: () => undefined });
  using _schedule = cleanCaches(proxy, caches, { store, dataDirectory: directory.path, logger, note: "a test" });
  await told.promise;
  return lines;
}

test("repositories that were pushed under cached names are told of, those of registry:2's cache are not", async () => {
  const state = JSON.stringify({ "library/cached@sha256:1": {} });
  expect((await startWith(state)).map(({ repositories }) => repositories)).toEqual(["team/pushed"]);
});

test("a state of registry:2 that was damaged is told of, and nothing more", async () => {
  const lines = await startWith('{"library');
  expect(lines.map(({ level }) => level)).toEqual(["warning", "warning"]);
  expect(lines[1]?.repositories).toBe("library/cached team/pushed");
});
