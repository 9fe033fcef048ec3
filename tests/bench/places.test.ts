import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { diskPlace, memoryPlace } from "../../bench/places.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test.if(existsSync("/dev/shm"))("memoryPlace() is empty after it was warmed, and goes with what is in it", () => {
  const place = memoryPlace(3_000_000);
  expect(readdirSync(place.path)).toEqual([]);
  writeFileSync(join(place.path, "file"), "");
  place[Symbol.dispose]();
  expect(existsSync(place.path)).toBe(false);
});

test("diskPlace() is a directory of its own: what lay beside it stays", () => {
  using directory = temporaryDirectory();
  const disk = join(directory.path, "disk");
  {
    using place = diskPlace(disk);
    expect(place.name).toBe(disk);
    writeFileSync(join(disk, "beside"), "");
    expect(readdirSync(place.path)).toEqual([]);
  }
  expect(readdirSync(disk)).toEqual(["beside"]);
});
