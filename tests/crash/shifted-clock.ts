// A program whose wall clock is not the true one: libfaketime stands between it and the system.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { requireProgram } from "../e2e/program.ts";

/** Whether clocks can be shifted here. */
export const canShift = requireProgram("faketime", "faketime");

/**
 * The environment of a program whose clock is the true time and what stands in the file, such as "+2d"; the file may be
 * changed while it runs. The clock of its timers and of its files stays the true one.
 */
export function shiftedBy(file: string, offset: string): Record<string, string> {
  writeFileSync(file, offset);
  const [library = ""] = [...new Glob("usr/lib/*/faketime/libfaketime.so.1").scanSync({ cwd: "/" })];
  return {
    LD_PRELOAD: join("/", library),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  };
}
