// What the contract cannot see: the file, and a store without locks. The rest is in contract-transfers.ts.
import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { FileTransfers } from "../../src/storage/file-transfers.ts";
import { KeyPaths } from "../../src/storage/key-paths.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { describeOnDisk } from "./contract.ts";
import { describeTransfers } from "./contract-transfers.ts";

describeOnDisk(describeTransfers);

test("without locks of the filesystem a transfer is kept apart inside the process", async () => {
  using directory = temporaryDirectory();
  const files = new DurableFiles(directory.path, { isDurable: true });
  const transfers = new FileTransfers(new KeyPaths(directory.path, files), undefined);
  const first = await transfers.open("proxy/a");
  const second = await transfers.open("proxy/a");
  if (first === "busy") throw new Error("busy");
  await first.append([new TextEncoder().encode("bytes")]);
  expect([second, readFileSync(join(directory.path, "proxy/a"), "utf8")]).toEqual(["busy", "bytes"]);
  expect(await transfers.sweep("proxy", -1000)).toBe(0);
  const modeOf = (path: string) => statSync(join(directory.path, path)).mode & 0o777;
  expect(modeOf("proxy/a")).toBe(0o600);
  await first.commit("docker/a/data");
  expect(modeOf("docker/a/data")).toBe(0o666 & ~process.umask());
  first[Symbol.dispose]();
  expect([existsSync(join(directory.path, "proxy/a")), existsSync(join(directory.path, "docker/a/data"))]).toEqual([
    false,
    true,
  ]);
});

test("what is discarded is emptied, and not where it has become an object", async () => {
  using directory = temporaryDirectory();
  const files = new DurableFiles(directory.path, { isDurable: true });
  const transfers = new FileTransfers(new KeyPaths(directory.path, files), undefined);
  const hold = async (key: string) => {
    const transfer = await transfers.open(key);
    if (transfer === "busy") throw new Error("busy");
    await transfer.append([new TextEncoder().encode("bytes")]);
    return transfer;
  };
  using committed = await hold("proxy/a");
  using discarded = await hold("proxy/b");
  using follower = await transfers.follow("proxy/b");
  // As where the commit fails after the file was moved.
  await committed.commit("docker/a/data");
  await committed.discard();
  await discarded.discard();
  expect([readFileSync(join(directory.path, "docker/a/data"), "utf8"), follower?.sizeBytes()]).toEqual(["bytes", 0]);
});

test("what is followed no more cannot be read: its descriptor may be another file's", async () => {
  using directory = temporaryDirectory();
  const transfers = new FileTransfers(
    new KeyPaths(directory.path, new DurableFiles(directory.path, { isDurable: true })),
    undefined,
  );
  const transfer = await transfers.open("proxy/a");
  const follower = await transfers.follow("proxy/a");
  follower?.[Symbol.dispose]();
  expect(await follower?.read(0, 1).catch(() => "refused")).toBe("refused");
  if (transfer !== "busy") transfer[Symbol.dispose]();
});
