// The rest is in contract-transfers.ts, which runs against the memory driver.
import { expect, test } from "bun:test";
import { MemoryTransfers } from "./memory-transfers.ts";

test("a commit hands the bytes over, under the object's key", async () => {
  const put: [string, string][] = [];
  const transfers = new MemoryTransfers(
    () => 0,
    (key, bytes) => void put.push([key, new TextDecoder().decode(bytes)]),
  );
  const transfer = await transfers.open("proxy/a");
  if (transfer === "busy") throw new Error("busy");
  await transfer.append([new TextEncoder().encode("by"), new TextEncoder().encode("tes")]);
  await transfer.commit("docker/a/data");
  expect([put, await transfers.follow("proxy/a")]).toEqual([[["docker/a/data", "bytes"]], undefined]);
});
