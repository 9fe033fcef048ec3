import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { addressInLibc, bindLibc, openSyncfs } from "../../src/storage/libc.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("bindLibc() finds a function, and none where there is none", () => {
  expect(bindLibc("getpid", [])?.()).toBe(process.pid);
  expect(bindLibc("no_such_function_of_the_c_library", [])).toBeUndefined();
});

test("addressInLibc() finds where a function lies", () => {
  expect(addressInLibc("abs")).toBeGreaterThan(0);
  expect(addressInLibc("no_such_function_of_the_c_library")).toBeUndefined();
});

test("openSyncfs() flushes the filesystem of an open file, and refuses a closed one", () => {
  using directory = temporaryDirectory();
  const descriptor = openSync(directory.path, "r");
  const syncfs = openSyncfs();
  const isSynced = syncfs?.(descriptor);
  closeSync(descriptor);
  expect([isSynced, syncfs?.(-1)]).toEqual([true, false]);
});
