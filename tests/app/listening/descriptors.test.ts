import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLimit, watchDescriptors } from "../../../src/app/listening/descriptors.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

/** A process of its own, whose limit is 64, that opens files until so many more could be opened. */
async function measuredWith(freeCount: number): Promise<string> {
  const module = join(import.meta.dir, "../../../src/app/listening/descriptors.ts");
  const program = `
    import { closeSync, openSync, readdirSync } from "node:fs";
    import { measureRoom, readLimit } from ${JSON.stringify(module)};
    const limit = readLimit();
    const opened = [];
    try { for (;;) opened.push(openSync("/", "r")); } catch {}
    for (const descriptor of opened.splice(0, ${freeCount})) closeSync(descriptor);
    const room = measureRoom(limit);
    let freeCount = 0;
    try { for (;;) { openSync("/", "r"); freeCount += 1; } } catch {}
    process.stdout.write([limit, room, freeCount].join(" "));`;
  const child = Bun.spawn(["sh", "-c", 'ulimit -n 64; exec "$0" "$@"', process.execPath, "-e", program], {
    stdout: "pipe",
  });
  return await child.stdout.text();
}

describe("measureRoom()", () => {
  test.each([
    [0, "none"],
    [3, "none"],
    [4, "little"],
    [7, "little"],
    [8, "enough"],
    [30, "enough"],
  ] as const)("of 64 with %p left: %s, and nothing stays open", async (freeCount, room) => {
    expect(await measuredWith(freeCount)).toEqual(`64 ${room} ${freeCount}`);
  });
});

test.each([
  [
    "Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024   4096   files\n",
    1024,
  ],
  ["Max open files            unlimited            unlimited            files\n", undefined],
  ["", undefined],
])("readLimit() of %j", (text, limit) => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "limits");
  writeFileSync(path, text);
  expect(readLimit(path)).toEqual(limit);
});

test("readLimit() does not know what no file tells", () => {
  expect(readLimit("/nowhere/at/all")).toBeUndefined();
});

test("watchDescriptors() tells the server, and says once a minute what its listening again is hindered by", async () => {
  const told = Promise.withResolvers<void>();
  const rooms: string[] = [];
  const warnings: string[] = [];
  const adapt = (room: string) => {
    rooms.push(room);
    if (rooms.length === 2) told.resolve();
    throw new Error("the port is taken");
  };
  using _ = watchDescriptors({
    server: { adapt },
    maxConnections: Number.POSITIVE_INFINITY,
    logger: { warn: (warning) => void warnings.push(warning) },
  });
  await told.promise;
  expect([rooms, warnings]).toEqual([["enough", "enough"], ["connections cannot be accepted again"]]);
});
