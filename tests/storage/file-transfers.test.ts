// What the contract cannot see: the file, and a store without locks. The rest is in contract-transfers.ts.
import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { FileTransfers } from "../../src/storage/file-transfers.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("without locks of the filesystem a transfer is kept apart inside the process", async () => {
  using directory = temporaryDirectory();
  const files = new DurableFiles(directory.path, { isDurable: true });
  const transfers = new FileTransfers(directory.path, files, undefined);
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
