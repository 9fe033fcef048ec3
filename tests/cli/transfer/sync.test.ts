import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../../src/cli/cli.ts";
import { formatSyncEvent } from "../../../src/cli/transfer/sync.ts";
import { pushImage } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { startFaultyRegistry } from "../../transfer/faulty-registry.ts";
import { fakeIo } from "../fake-io.ts";

async function sync(mirrors: readonly object[], ...words: string[]) {
  using directory = temporaryDirectory({ isInMemory: true });
  mkdirSync(join(directory.path, "data"));
  const file = join(directory.path, "config.yml");
  writeFileSync(
    file,
    JSON.stringify({
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(directory.path, "data") } },
      sync: mirrors,
    }),
  );
  const io = fakeIo();
  const code = await runCli(["sync", file, ...words], io);
  return { code, output: io.output(), errors: io.errors() };
}

test("registry sync brings mirrors up to date, and says what failed", async () => {
  await using upstream = startFaultyRegistry();
  await pushImage(upstream.stock, "app", { tag: "v1" });
  const from = `${upstream.host}/app`;
  const done = await sync([{ from }]);
  expect([done.code, done.errors]).toEqual([0, ""]);
  expect(done.output).toContain(`${from}: 1 copied, 0 unchanged; 11 B\n`);
  expect(await sync([{ from: `${upstream.host}/none` }, { from }], "--quiet")).toEqual({
    code: 1,
    output: "",
    errors: `failed: ${upstream.host}/none: it has no tags, or does not show them\n`,
  });
});

test("without mirrors there is nothing to do", async () => {
  expect(await sync([])).toMatchObject({
    code: 1,
    errors: expect.stringContaining("the configuration has no mirrors"),
  });
});

test("formatSyncEvent() is one line", () => {
  const counts = { copied: 1, unchanged: 2, deleted: 3, failed: 4, sentBytes: 5000 };
  expect(formatSyncEvent({ kind: "mirrored", mirror: "a/b", ...counts })).toBe(
    "a/b: 1 copied, 2 unchanged, 3 deleted, 4 failed; 5.0 kB\n",
  );
  expect(formatSyncEvent({ kind: "failed", what: "a:1", problem: "no\x1b[0m\n" })).toBe(
    "failed: a:1: no\\u{1b}[0m\\u{a}\n",
  );
  expect(formatSyncEvent({ kind: "deleted", to: "a:1" })).toBe("deleted a:1, which is no longer there\n");
});
