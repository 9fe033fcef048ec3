import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mirroredMs, mirrorsOf, stampMirror } from "../../../src/app/transfers/mirrors.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { stocked } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { mirrorOf } from "./mirrored.ts";

test("a mirror is what the configuration says", async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  const sync = [
    { from: "ghcr.io/acme/**", to: "acme", tags: ["v*"], interval: "6h", username: "me", password: "secret" },
  ];
  writeFileSync(
    file,
    JSON.stringify({ version: 0.1, storage: { filesystem: { rootdirectory: directory.path } }, sync }),
  );
  const { configuration } = await loadConfiguration({ path: file, env: {}, flags: {} });
  const [mirror] = mirrorsOf(configuration);
  expect(mirror).toMatchObject({
    to: "acme",
    intervalMs: 21_600_000,
    login: { username: "me", password: "secret" },
    deletes: false,
  });
  expect(mirror?.from).toMatchObject({ host: "ghcr.io", names: "acme/**" });
  expect([mirror?.selection.covers?.("v1"), mirror?.selection.covers?.("x")]).toEqual([true, false]);
});

test("two mirrors between the same repositories, or one that was changed, are not up to date together", async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  const from = "ghcr.io/acme/app";
  const sync = [
    { from, tags: ["v*"] },
    { from, tags: ["edge"], interval: "1h" },
    { from, newest: 5 },
    { from, tags: ["v*"], referrers: true },
    { from, tags: ["v*"], interval: "1h", username: "me", password: "secret" },
  ];
  writeFileSync(
    file,
    JSON.stringify({ version: 0.1, storage: { filesystem: { rootdirectory: directory.path } }, sync }),
  );
  const { configuration } = await loadConfiguration({ path: file, env: {}, flags: {} });
  const mirrors = mirrorsOf(configuration);
  const { store } = stocked();
  for (const mirror of mirrors.slice(0, 1)) await stampMirror(store, mirror);
  const times = await Promise.all(mirrors.map((mirror) => mirroredMs(store, mirror)));
  // How often, and as whom, changes nothing about what is there.
  expect(times.map((time) => time !== undefined)).toEqual([true, false, false, false, true]);
});

test("a mirror is stamped for all processes", async () => {
  const { store } = stocked();
  const mirror = mirrorOf("ghcr.io/acme/app");
  expect(await mirroredMs(store, mirror)).toBeUndefined();
  await stampMirror(store, mirror);
  expect([await mirroredMs(store, mirror), await mirroredMs(store, { ...mirror, to: "other" })]).toEqual([
    store.now(),
    undefined,
  ]);
});
