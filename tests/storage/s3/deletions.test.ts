import { expect, test } from "bun:test";
import { deleteMany } from "../../../src/storage/s3/deletions.ts";
import { bytesOf, openBucket } from "./bucket.ts";

test("deleteMany() deletes those that are there, whatever their names", async () => {
  const { engine, client } = openBucket();
  for (const key of ["a", "b'<&>", "c"]) engine.objects.set(key, bytesOf("x"));
  expect([await deleteMany(client, ["a", "b'<&>", "absent"]), await deleteMany(client, []), engine.keys()]).toEqual([
    [],
    [],
    ["c"],
  ]);
});

test("deleteMany() is refused when it comes too late, and is sent once", async () => {
  const { engine, client } = openBucket();
  engine.objects.set("a", bytesOf("x"));
  const expiring = { asOfMs: engine.nowMs - 61_000, seconds: 60 };
  const late = await deleteMany(client, ["a"], { expiring }).catch((error: Error) => error.message);
  engine.fault = () => ({ kind: "dropped" });
  const dropped = await deleteMany(client, ["a"], { expiring: { ...expiring, asOfMs: engine.nowMs } }).catch(
    (error: Error) => error.message,
  );
  expect([late, dropped, engine.requests.length, engine.keys()]).toEqual([
    "POST of the bucket (delete) was answered 403 AccessDenied",
    "POST of the bucket (delete) was not answered (ECONNRESET)",
    2,
    ["a"],
  ]);
});

test("deleteMany() tells what was refused", async () => {
  const { client } = openBucket();
  const send = async () =>
    new Response("<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>");
  Object.assign(client.options, { send });
  expect(await deleteMany(client, ["a", "b"])).toEqual([{ key: "a", reason: "AccessDenied" }]);
});

test("deleteMany() takes a thousand keys at most", async () => {
  const { client } = openBucket();
  const outcome = await deleteMany(client, Array.from({ length: 1001 }, String)).catch((error: Error) => error.message);
  expect(outcome).toBe("1001 deletions at once");
});
