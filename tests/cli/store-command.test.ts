import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../src/cli/cli.ts";
import { CommandError, parseWords } from "../../src/cli/command.ts";
import { gcCommand } from "../../src/cli/gc.ts";
import { withMeantStore } from "../../src/cli/store-command.ts";
import type { EngineOptions } from "../storage/s3/engine.ts";
import { serveEngine } from "../storage/s3/served-engine.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { fakeIo } from "./fake-io.ts";

const run = (path: string, work: Parameters<typeof withMeantStore>[1]) =>
  withMeantStore({ words: parseWords(gcCommand, ["--data", path]), io: fakeIo() }, work);

test("withMeantStore() opens the directory that --data names", async () => {
  using directory = temporaryDirectory();
  const code = await run(directory.path, async ({ store }) => (await store.garbage.list()).length);
  expect(code).toBe(0);
});

test("withMeantStore() leaves a directory alone that is not a registry's", async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "file"), "");
  await expect(run(directory.path, async () => 0)).rejects.toThrow(`there is no registry at ${directory.path}`);
  expect(readdirSync(directory.path)).toEqual(["file"]);
});

test("withMeantStore() says in one line what the system refuses", async () => {
  using directory = temporaryDirectory();
  const refuse = async () => {
    throw Object.assign(new Error("EROFS: read-only file system, open 'x'"), { code: "EROFS" });
  };
  await expect(run(directory.path, refuse)).rejects.toThrow(
    new CommandError(
      "EROFS: read-only file system, open 'x': the disk is read-only; only commands that just read work, such as `registry gc --dry-run`",
    ),
  );
});

test("withMeantStore() does not make a directory that was mistyped", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "mistyped");
  const opening = run(path, async () => 0);
  expect(opening).rejects.toThrow(
    new CommandError(`there is no registry at ${path}; name its directory with --data DIR or its configuration file`),
  );
  await opening.catch(() => undefined);
  expect(existsSync(path)).toBe(false);
});

describe("a bucket", () => {
  async function run(args: readonly string[], options: EngineOptions = {}) {
    using directory = temporaryDirectory();
    await using served = await serveEngine(options);
    const file = join(directory.path, "config.yml");
    writeFileSync(file, `version: 0.1\nstorage: ${served.section(`scratch: ${directory.path}/scratch`)}\n`);
    const io = fakeIo();
    const code = await runCli([...args, file], io);
    return { code, output: io.output(), errors: io.errors() };
  }

  test("is a store like another one", async () => {
    expect(await run(["gc", "--quiet"])).toEqual({ code: 0, output: "", errors: "" });
    expect(await run(["token", "list"])).toMatchObject({ code: 0, output: expect.stringContaining("no tokens") });
  });

  test("that carries out late deletions is not collected, and nothing is deleted from it", async () => {
    const late = { isExpiryEnforced: false };
    const [collected, predicted] = [await run(["gc"], late), await run(["gc", "--dry-run", "--quiet"], late)];
    expect([collected.code, collected.errors]).toEqual([
      ...[1, expect.stringContaining("so that nothing can be taken away safely while anybody pushes")],
    ]);
    expect(predicted.code).toBe(0);
  });

  test("keeps no users, who come from a file of each node", async () => {
    const { code, errors } = await run(["passwd", "alice", "--password-stdin"]);
    expect([code, errors]).toEqual([1, expect.stringContaining("name it with --file")]);
  });
});
