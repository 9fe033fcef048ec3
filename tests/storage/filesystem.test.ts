import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../../src/lib/system-error.ts";
import { openFilesystem } from "../../src/storage/filesystem.ts";
import { requireRoot } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { withoutRoot } from "../without-root.ts";
import { afterMounts, importFrom, runScript } from "./child.ts";
import { put, take } from "./store-access.ts";
import { sharedDisk } from "./test-store.ts";

const durable = sharedDisk({ isDurable: true });
afterAll(() => durable[Symbol.dispose]());

describe("openFilesystem()", () => {
  test("makes what it needs, without a warning, and again", async () => {
    using directory = temporaryDirectory({ isInMemory: true });
    const root = join(directory.path, "deep/store");
    const first = await openFilesystem({ root, isDurable: true });
    const again = await openFilesystem({ root, isDurable: true });
    expect([first.warnings, again.warnings, readdirSync(root).sort(), readdirSync(join(root, "locks")).length]).toEqual(
      [[], [], ["docker", "gc", "locks", "proxy", "trash"], 513],
    );
  });

  test("takes a root that is relative and spelled oddly", async () => {
    using directory = temporaryDirectory({ isInMemory: true });
    const script = `${importFrom("openFilesystem", "storage/filesystem.ts")}
      process.chdir(${JSON.stringify(directory.path)});
      const { driver } = await openFilesystem({ root: ".//store/../store/", isDurable: true });
      const key = "docker/registry/v2/blobs/sha256/ab/abc/data";
      await driver.objects.put(key, new TextEncoder().encode("x"));
      const collection = await driver.garbage.collect({ note: "" });
      await collection.condemn(key, await driver.objects.stat(key));
      console.log(JSON.stringify(await driver.garbage.restore(key)));`;
    const content = join(directory.path, "store/docker/registry/v2/blobs/sha256/ab/abc/data");
    expect([await runScript(script), readFileSync(content, "utf8")]).toEqual([true, "x"]);
  });

  test("says what is in the way", async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "file"), "");
    chmodSync(directory.path, 0o755);
    const codeOf = async (name: string) =>
      openFilesystem({ root: join(directory.path, name), isDurable: true }).then(
        () => "opened",
        (error: unknown) => errorCode(error),
      );
    expect([await codeOf("file/store"), await withoutRoot(() => codeOf("forbidden"))]).toEqual(["ENOTDIR", "EACCES"]);
  });

  test("finds in a directory what another process wrote, and what it left half-written stays out of sight", async () => {
    using store = await durable.open();
    await put(store.driver, "docker/a/link", "whole");
    writeFileSync(join(store.root, "docker/a/link.00000000-0000-4000-8000-000000000000.tmp"), "ha");
    const { driver } = await openFilesystem({ root: store.root, isDurable: true });
    const before = [
      await take(driver, "docker/a/link"),
      await driver.objects.list("docker", { limit: 1 }),
      await driver.directory.removeEmpty("docker/a"),
    ];
    mkdirSync(join(store.root, "proxy/eviction"), { recursive: true });
    writeFileSync(join(store.root, "proxy/eviction/pending.00000000-0000-4000-8000-000000000000.tmp"), "ha");
    const swept = [await driver.directory.sweepTemporary(60_000), await driver.directory.sweepTemporary(-60_000)];
    expect([before, swept, readdirSync(join(store.root, "docker/a"))]).toEqual([
      ["whole", ["a"], false],
      [0, 2],
      ["link"],
    ]);
  });
});

describe("files of another owner", () => {
  test("touch() replaces them by copies, where the directory may be written", async () => {
    using store = await durable.open();
    const path = join(store.root, "docker/a/link");
    await put(store.driver, "docker/a/link", "x");
    for (const each of [store.root, dirname(path)]) chmodSync(each, 0o777);
    const before = statSync(path);
    const isTouched = await withoutRoot(() => store.driver.objects.renew("docker/a/link"));
    const after = statSync(path);
    const isOther = process.geteuid?.() === 0;
    expect([isTouched, await take(store.driver, "docker/a/link"), after.ino !== before.ino, after.uid]).toEqual([
      true,
      "x",
      isOther,
      isOther ? 65534 : before.uid,
    ]);
  });

  test("what may not be read or written fails with the system's reason", async () => {
    using store = await durable.open();
    await put(store.driver, "docker/a/link", "x");
    chmodSync(store.root, 0o755);
    chmodSync(join(store.root, "docker/a"), 0o555);
    chmodSync(join(store.root, "docker/a/link"), 0o000);
    const codeOf = (work: Promise<unknown>) => work.then(() => "done", errorCode);
    const codes = await withoutRoot(async () => [
      await codeOf(store.driver.objects.read("docker/a/link", 10)),
      await codeOf(put(store.driver, "docker/a/link", "y")),
      await codeOf(store.driver.objects.delete("docker/a/link")),
      await codeOf(store.driver.trash.discard("docker/a/link", "tags/1")),
    ]);
    chmodSync(join(store.root, "docker/a"), 0o755);
    expect([codes, await take(store.driver, "docker/a/link")]).toEqual([["EACCES", "EACCES", "EACCES", "EACCES"], "x"]);
  });
});

test("changedMs of a restored backup is the time of the restoring", async () => {
  using store = await durable.open();
  const beforeMs = Date.now() - 50;
  await put(store.driver, "docker/a/link", "x");
  utimesSync(join(store.root, "docker/a/link"), 1, 1);
  expect(((await store.driver.objects.stat("docker/a/link"))?.changedMs ?? 0) >= beforeMs).toBe(true);
});

test("keys cannot leave the store", async () => {
  using store = await durable.open();
  await expect(store.driver.objects.put("../outside", new Uint8Array())).rejects.toThrow(TypeError);
  await expect(store.driver.trash.destroy("../docker")).rejects.toThrow(TypeError);
  expect(existsSync(join(store.root, "../outside"))).toBe(false);
});

describe.skipIf(!requireRoot())("with mounts", () => {
  const open = `${importFrom("openFilesystem", "storage/filesystem.ts")}
    const codeOf = (error) => error.code ?? error.message;
    const opening = openFilesystem({ root: process.env.ROOT ?? "", isDurable: true });`;

  /** A directory, with the store that is in it, and a command that mounts it read-only. */
  async function readOnlyDirectory(prepare: (root: string) => Promise<void>) {
    const directory = temporaryDirectory();
    await prepare(directory.path);
    const root = directory.path;
    const around = [
      "env",
      `ROOT=${root}`,
      ...afterMounts(`mount --bind ${root} ${root}; mount -o remount,bind,ro ${root}`),
    ];
    return { root, around, [Symbol.dispose]: () => directory[Symbol.dispose]() };
  }

  test.each([
    ["made by this program", async (root: string) => void (await openFilesystem({ root, isDurable: true })), []],
    [
      "made by another registry",
      async (root: string) => void mkdirSync(join(root, "docker/registry/v2"), { recursive: true }),
      [],
    ],
  ])("a read-only store %s is served, with a warning", async (_what, make) => {
    using directory = await readOnlyDirectory(async (root) => {
      await make(root);
      mkdirSync(join(root, "docker/a"));
      writeFileSync(join(root, "docker/a/link"), "x");
    });
    const script = `${open}
      const { driver, warnings } = await opening;
      const adding = await driver.changes.adding("a", { waitMs: 1000 });
      await adding?.[Symbol.asyncDispose]();
      const removing = await driver.changes.removing("a", { keys: [], waitMs: 1000 });
      const judged = await driver.objects.stat("docker/a/link");
      console.log(JSON.stringify([
        warnings.map((text) => text.includes("read-only")).includes(true),
        adding !== undefined,
        (await driver.objects.stat("docker/a/link"))?.sizeBytes,
        await driver.objects.renew("docker/a/link"),
        await driver.objects.put("docker/a/link", new Uint8Array()).catch(codeOf),
        await driver.objects.delete("docker/a/link").catch(codeOf),
        await removing.discard("docker/a", { key: "docker/a/link", judged }).catch(codeOf),
        await driver.uploads.create("docker/a/_uploads/1/data", {}).catch(codeOf),
        await driver.directory.makePrefix("docker/b").catch(codeOf),
        await driver.directory.sweepTemporary(-60000),
      ]));`;
    expect(await runScript(script, directory.around)).toEqual([
      true,
      true,
      1,
      true,
      "EROFS",
      "EROFS",
      "EROFS",
      "EROFS",
      "EROFS",
      0,
    ]);
  });

  test("a read-only directory that holds no registry is refused", async () => {
    using directory = await readOnlyDirectory(async () => undefined);
    const script = `${open} console.log(JSON.stringify(await opening.catch(codeOf)));`;
    expect(await runScript(script, directory.around)).toBe("EROFS");
  });

  test.each(["trash", "docker/registry/v2/blobs", "docker/registry/v2/repositories", "docker"])(
    "a store whose %s lies on another device is refused with a sentence",
    async (place) => {
      using directory = temporaryDirectory();
      mkdirSync(join(directory.path, place), { recursive: true });
      const mount = `mount -t tmpfs tmpfs ${join(directory.path, place)}`;
      const around = ["env", `ROOT=${directory.path}`, ...afterMounts(mount)];
      const script = `${open} console.log(JSON.stringify(await opening.catch(codeOf)));`;
      expect(await runScript(script, around)).toContain(
        "are on different devices; mount the data directory as a whole",
      );
    },
  );
});
