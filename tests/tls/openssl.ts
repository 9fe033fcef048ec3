// The real openssl, as the judge of what we make.
import { test } from "bun:test";

const isInstalled = Bun.which("openssl") !== null;

if (!isInstalled) console.warn("skipped: tests that ask openssl; install the package openssl");

/** A test that needs the program: skipped without it, but not where CI promises it. */
export const testWithOpenssl = isInstalled || process.env.CI === "true" ? test : test.skip;

/** Runs openssl and returns its output; `isOk` says whether it agreed. */
export function openssl(...args: string[]): { readonly isOk: boolean; readonly output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["openssl", ...args]);
  return { isOk: exitCode === 0, output: `${stdout}${stderr}` };
}
