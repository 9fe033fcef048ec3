import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandError, parseWords } from "../../src/cli/command.ts";
import { gcCommand } from "../../src/cli/gc.ts";
import { openMeantStore } from "../../src/cli/store-command.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { fakeIo } from "./fake-io.ts";

test("openMeantStore() opens the directory that --data names", async () => {
  using directory = temporaryDirectory();
  const { store } = await openMeantStore(parseWords(gcCommand, ["--data", directory.path]), fakeIo());
  expect(await store.driver.listTrash("blobs")).toEqual([]);
});

test("openMeantStore() does not make a directory that was mistyped", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "mistyped");
  const opening = openMeantStore(parseWords(gcCommand, ["--data", path]), fakeIo());
  expect(opening).rejects.toThrow(
    new CommandError(`there is no registry at ${path}; name its directory with --data DIR or its configuration file`),
  );
  await opening.catch(() => undefined);
  expect(existsSync(path)).toBe(false);
});
