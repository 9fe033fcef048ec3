import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { interruptCalls } from "../../../src/app/listening/interrupt-calls.ts";
import { bindLibc } from "../../../src/storage/libc.ts";

/** Microseconds between two signals; 0: none are sent. */
function intervalUs(): number {
  const timer = new BigInt64Array(4);
  expect(bindLibc("getitimer", ["i32", "ptr"])?.(0, new Uint8Array(timer.buffer))).toBe(0);
  return Number(timer[1]);
}

function catchesAlarms(): boolean {
  const mask = /^SigCgt:\s+([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  return ((BigInt(`0x${mask}`) >> 13n) & 1n) === 1n;
}

test.skipIf(process.platform !== "linux")(
  "signals are sent as long as anybody wants them, and end nothing",
  async () => {
    const before = intervalUs();
    const first = interruptCalls();
    const second = interruptCalls();
    const meanwhile = [intervalUs(), catchesAlarms()];
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    const withOne = intervalUs();
    await Bun.sleep(30);
    second[Symbol.dispose]();
    expect([before, meanwhile, withOne, intervalUs()]).toEqual([0, [2000, true], 2000, 0]);
  },
);
