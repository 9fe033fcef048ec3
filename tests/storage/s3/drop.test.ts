import { expect, test } from "bun:test";
import { dropObject } from "../../../src/storage/s3/drop.ts";
import { bytesOf, openBucket } from "./bucket.ts";

test("dropObject() tells whether there was something, and is tried again", async () => {
  const { engine, objects } = openBucket();
  await objects.put("a", bytesOf("x"));
  let failures = 2;
  engine.fault = ({ method }) => (method === "DELETE" && failures-- > 0 ? { kind: "dropped" } : undefined);
  expect([await dropObject(objects, "a"), await dropObject(objects, "a"), engine.keys()]).toEqual([true, false, []]);
});

test("dropObject() does nothing a minute later, whatever became of its requests", async () => {
  const { engine, objects } = openBucket();
  await objects.put("a", bytesOf("x"));
  engine.fault = ({ method }) => (method === "DELETE" ? { kind: "late" } : undefined);
  const failure = await dropObject(objects, "a").catch((error: Error) => error.message);
  engine.nowMs += 61_000;
  await engine.arrive();
  expect([failure, engine.keys()]).toEqual(["DELETE a was not answered (ECONNRESET)", ["a"]]);
});
