import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dropStartPages, dropStartPagesSoon, findCode } from "../../src/app/start-pages.ts";

const mapping = (line: string, anonymousKb: number) =>
  [line, "Size:  40 kB", "Rss:  40 kB", `Anonymous:  ${anonymousKb} kB`, "VmFlags: rd ex mr", ""].join("\n");

test("findCode() is what was read of files, and nothing that was written to", () => {
  const smaps = [
    mapping("00400000-00500000 r--p 00000000 fe:00 1   /usr/bin/registry", 0),
    mapping("00500000-00900000 r-xp 00100000 fe:00 1   /usr/bin/registry", 0),
    mapping("00900000-00a00000 r-xp 00500000 fe:00 1   /usr/bin/registry", 4),
    mapping("00a00000-00b00000 r--p 00600000 fe:00 1   /usr/bin/registry", 100),
    mapping("00b00000-00c00000 rw-p 00700000 fe:00 1   /usr/bin/registry", 0),
    mapping("3afc1400000-3b001400000 r-xp 00000000 00:00 0 ", 0),
    mapping("7ffe000-7fff000 r-xp 00000000 00:00 0   [vdso]", 0),
  ].join("");
  expect(findCode(smaps)).toEqual([
    { start: 0x400000, end: 0x500000 },
    { start: 0x500000, end: 0x900000 },
  ]);
});

function heldOfFilesKb(): number {
  return Number(/^RssFile:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]);
}

test.skipIf(process.platform !== "linux")("the process holds less, and goes on", () => {
  const before = heldOfFilesKb();
  expect([dropStartPages() > 0, heldOfFilesKb() < before]).toEqual([true, true]);
  dropStartPagesSoon();
});
