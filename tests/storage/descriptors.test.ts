// No way out of storage leaves a file open. Each call to the system fails in turn, and what is open is counted.
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { openOwned, syncBytes, syncDescriptor } from "../../src/storage/descriptors.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const storage = join(import.meta.dir, "../../src/storage");
const countOpen = () => readdirSync("/proc/self/fd").length;

test("openOwned() closes with its owner, once", () => {
  using directory = temporaryDirectory();
  const before = countOpen();
  const kept = (() => {
    using owner = new DisposableStack();
    openOwned(owner, join(directory.path, "a"), "w");
    return owner.move();
  })();
  const open = countOpen();
  kept.dispose();
  kept.dispose();
  expect([open, countOpen()]).toEqual([before + 1, before]);
});

test("every descriptor in storage has an owner: openSync() stands only within adopt()", async () => {
  const found: string[] = [];
  for await (const name of new Glob("**/*.ts").scan({ cwd: storage })) {
    const text = await Bun.file(join(storage, name)).text();
    for (const line of text.split("\n")) {
      const isOpening = /\b(openSync|promises\.open|disk\.open)\(/.test(line) && name !== "disk-calls.ts";
      if (isOpening && !/adopt\((openSync|await disk\.open)\(/.test(line)) found.push(`${name}: ${line}`);
    }
  }
  expect(found).toEqual([]);
});

test("a file and a directory are synced, and what the system says of it is thrown", async () => {
  using directory = temporaryDirectory();
  const owner = new DisposableStack();
  const open = [openOwned(owner, join(directory.path, "a"), "w"), openOwned(owner, directory.path, "r")];
  for (const descriptor of open) await syncDescriptor(descriptor);
  const [file = -1] = open;
  await syncBytes(file);
  owner.dispose();
  for (const sync of [syncDescriptor, syncBytes]) await expect(sync(file)).rejects.toThrow("EBADF");
});

test("what is synced in storage is looked at afterwards: nothing else calls fsync() or fdatasync()", async () => {
  const found: string[] = [];
  for await (const name of new Glob("**/*.ts").scan({ cwd: storage })) {
    const text = await Bun.file(join(storage, name)).text();
    if (name !== "descriptors.ts" && /\bf(data)?sync(Sync)?\(/.test(text)) found.push(name);
  }
  expect(found).toEqual([]);
});

/**
 * Does everything that opens a file again and again; in the n-th round the n-th call of one function of node:fs fails.
 * Prints in which rounds more was open after than before.
 */
const program = (name: string, root: string) => `
  import { mock } from "bun:test";
  import * as fs from "node:fs";
  const real = { ...fs };
  const name = ${JSON.stringify(name)};
  let [count, failsAt] = [0, 0];
  const failing = (...args) => {
    count += 1;
    // The system closes a file also where that fails.
    if (count === failsAt && name === "closeSync") real.closeSync(...args);
    if (count === failsAt) throw Object.assign(new Error("EIO: injected"), { code: "EIO", syscall: name });
    return real[name](...args);
  };
  mock.module("node:fs", () => ({ ...real, default: real, [name]: failing }));
  const { openFilesystem } = await import(${JSON.stringify(join(storage, "filesystem.ts"))});
  const { driver } = await openFilesystem({ root: ${JSON.stringify(root)}, isDurable: false });
  const countOpen = () => real.readdirSync("/proc/self/fd").length;
  const key = "docker/a/_uploads/1/data";
  const works = [
    async () => { await using removing = await driver.changes.removing("a", { keys: [], waitMs: 0 }); },
    async () => { await using adding = await driver.changes.adding("a", { waitMs: 0 }); },
    () => driver.objects.put("docker/b/link", new Uint8Array([1])),
    () => driver.uploads.create(key, { startedat: "now" }),
    async () => {
      await using upload = await driver.uploads.open(key, { waitMs: 0, preempted: new AbortController() });
      await upload.append([new Uint8Array(10)]);
      await upload.commit("docker/c/data");
    },
    async () => {
      using transfer = await driver.transfers.open("proxy/t");
      await transfer.append([new Uint8Array(10)]);
      using following = await driver.transfers.follow("proxy/t");
      await following.read(0, 5);
      await transfer.discard();
    },
    () => driver.transfers.sweep("proxy", 0),
    async () => { await using hold = await driver.changes.hold("gc", "the test"); },
    () => driver.objects.list("docker"),
    () => driver.directory.dropCache("docker/b/link"),
    () => driver.directory.sweepTemporary(0),
    () => driver.objects.delete("docker/b/link"),
  ];
  const doAll = async () => { for (const work of works) await work().catch(() => undefined); };
  await doAll();
  const leaks = [];
  let rounds = 0;
  do {
    const before = countOpen();
    [count, failsAt] = [0, failsAt + 1];
    await doAll();
    rounds += 1;
    if (countOpen() > before) leaks.push({ round: rounds, open: countOpen() - before });
  } while (count >= failsAt && rounds < 1000);
  console.log(JSON.stringify({ leaks, isTried: rounds > 1 && rounds < 1000 }));
`;

test.each([
  ...["openSync", "closeSync", "fstatSync", "statSync", "lstatSync", "futimesSync", "fchmodSync", "renameSync"],
  ...["unlinkSync", "mkdirSync", "writeSync", "writevSync", "ftruncateSync"],
])("nothing stays open where %s fails", async (name) => {
  using directory = temporaryDirectory();
  const child = Bun.spawn([process.execPath, "-e", program(name, directory.path)], { stdout: "pipe", stderr: "pipe" });
  const text = await child.stdout.text();
  if (text === "") throw new Error(await child.stderr.text());
  expect(JSON.parse(text)).toEqual({ leaks: [], isTried: true });
});
