// A directory of a test's own, removed when the test is over.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** In memory where the system has such a place: for tests that sync a lot and do not ask which filesystem it is. */
const memoryPlace = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Makes an empty directory; `using` removes it with everything in it. */
export function temporaryDirectory({ isInMemory = false } = {}): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(isInMemory ? memoryPlace : tmpdir(), "registry-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
