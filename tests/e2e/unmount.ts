import { run, waitUntil } from "./program.ts";

/** Unmounts. A program that was killed, or one that looks at all mounts of the machine, may hold it for a moment yet. */
export async function unmount(point: string): Promise<void> {
  await waitUntil(`umount ${point}`, async () => (await run(["umount", point])).code === 0);
}
