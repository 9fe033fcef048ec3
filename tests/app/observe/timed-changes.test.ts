import { expect, test } from "bun:test";
import { type TimeChange, timedChanges } from "../../../src/app/observe/timed-changes.ts";
import { openMemory } from "../../storage/memory.ts";

test("what is done to a store that several share is measured by distribution's names", async () => {
  const calls: string[] = [];
  const time: TimeChange = (action, call) => {
    calls.push(action);
    return call();
  };
  const { changes, objects } = openMemory();
  const timed = timedChanges(changes, time);
  const bytes = new TextEncoder().encode("bytes");
  const adding = await timed.adding("a", { waitMs: 0, isConditional: true });
  await adding?.put("tag/link", bytes);
  await adding?.stands(["tag/link"]);
  await adding?.find(["docker/registry/v2/blobs/sha256/ab/abc/data"]);
  await adding?.replace("other/link", bytes, { expected: undefined });
  await adding?.[Symbol.asyncDispose]();
  const judged = await objects.stat("tag/link");
  const removing = await timed.removing("a", { keys: ["other/link"], waitMs: 0 });
  await removing?.delete("other/link");
  await removing?.drop("other/link");
  if (judged !== undefined) await removing?.discard("tag", { key: "tag/link", judged });
  await removing?.[Symbol.asyncDispose]();
  await timed.recover("docker/registry/v2/blobs/sha256/ab/abc/data");
  expect([calls.join(" "), await objects.stat("tag/link"), timed.keepsProcessesApart(), timed.isExclusive]).toEqual([
    "Lock PutContent Stat Stat PutContent Lock Delete Delete Delete Stat",
    undefined,
    true,
    true,
  ]);
  expect(await timed.hold("gc", "x")).not.toHaveProperty("heldBy");
});
