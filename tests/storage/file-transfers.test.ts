// What the contract cannot see: the file, and a store without locks. The rest is in contract-transfers.ts.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
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
  await first.commit("docker/a/data");
  first[Symbol.dispose]();
  expect([existsSync(join(directory.path, "proxy/a")), existsSync(join(directory.path, "docker/a/data"))]).toEqual([
    false,
    true,
  ]);
});
