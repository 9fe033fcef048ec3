import { describe, expect, test } from "bun:test";
import type { Driver } from "../../src/storage/driver.ts";
import type { Key } from "../../src/storage/ports.ts";
import { describeOnDisk } from "./contract.ts";
import { describeChanges } from "./contract-changes.ts";
import { answering } from "./intercepted.ts";
import { openMemory } from "./memory.ts";
import { bytesOf, put } from "./store-access.ts";

describeOnDisk(describeChanges);

const content = "docker/registry/v2/blobs/sha256/ab/abc/data";

async function discarded(): Promise<Driver> {
  const driver = openMemory();
  await put(driver, content, "x");
  await driver.trash.discard(content, "blobs/sha256/ab/abc.1");
  return driver;
}

async function findAdding(driver: Driver, restored: (key: Key) => void) {
  await using adding = await driver.changes.adding("a", { waitMs: 0 });
  return (await adding?.find([content], { restored }))?.[0];
}

describe("changes under locks", () => {
  test.each([
    ["recover()", (driver: Driver, restored: (key: Key) => void) => driver.changes.recover(content, { restored })],
    ["find()", findAdding],
  ] as const)("%s restores a content from the trash, and tells it once", async (_name, look) => {
    const driver = await discarded();
    const told: Key[] = [];
    const found = [];
    for (let round = 1; round <= 2; round += 1) found.push(await look(driver, (key) => told.push(key)));
    expect([found, told]).toMatchObject([[{ sizeBytes: 1 }, { sizeBytes: 1 }], [content]]);
  });

  test("recover() ends if somebody else is always faster to take the content", async () => {
    let restores = 0;
    const driver = answering(openMemory(), {
      trash: {
        restore: async () => {
          restores += 1;
          if (restores > 100) throw new Error("it goes on and on");
          return true;
        },
      },
    });
    expect(await driver.changes.recover(content)).toBeUndefined();
  });

  test("who adds and who takes away wait for each other", async () => {
    const { changes } = openMemory();
    const isFree = async (name: "adding" | "removing") => {
      await using held = await changes[name]("a", { keys: [], waitMs: 0 });
      return held !== undefined;
    };
    const adding = await changes.adding("a", { waitMs: 0 });
    const beside = [await isFree("adding"), await isFree("removing")];
    await adding?.[Symbol.asyncDispose]();
    const removing = await changes.removing("a", { keys: [], waitMs: 0 });
    const behind = [await isFree("adding"), await isFree("removing")];
    await removing?.[Symbol.asyncDispose]();
    expect([beside, behind, await isFree("removing")]).toEqual([[true, false], [false, false], true]);
  });

  test("who compares before he writes is alone, and only he may", async () => {
    const { changes } = openMemory();
    await using conditional = await changes.adding("a", { waitMs: 0, isConditional: true });
    expect([conditional !== undefined, await changes.adding("a", { waitMs: 0 })]).toEqual([true, undefined]);
    await using shared = await changes.adding("b", { waitMs: 0 });
    await expect(shared?.replace("x", bytesOf("x"), { expected: undefined })).rejects.toThrow(RangeError);
  });

  test("changes hold for all processes if the locks do", () => {
    const without = answering(openMemory(), { locks: { keepsProcessesApart: () => false } });
    expect([openMemory(), without].map(({ changes }) => changes.keepsProcessesApart())).toEqual([true, false]);
  });
});
