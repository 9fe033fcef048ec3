// An upload that is purged as too old at the very moment when its client comes back. The purge is that of `registry gc`
// with a clock that is eight days ahead, so that a session that was begun just now is too old.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { executable, startRegistry } from "../e2e/executable.ts";
import { digestOf, refusalOf, withDigest } from "../e2e/image.ts";
import { environment, requireProgram, requireRoot, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { Client } from "./client.ts";
import { Expectations } from "./expectations.ts";
import { plainArgs } from "./killed-run.ts";
import { makeBytes } from "./made-image.ts";
import { standAt, waitAtLock } from "./pair.ts";
import { canShift, shiftedBy } from "./shifted-clock.ts";
import { changingCalls, stepThrough } from "./stepper.ts";

const canTrace = [requireRoot(), requireProgram("strace", "strace"), canShift].every(Boolean);
const name = "team/app";
const bytes = makeBytes(5000);
const calls = `${changingCalls},flock`;
const isHeld = /^flock\(.*_uploads\/.*\/data>, LOCK_EX\|LOCK_NB\) = 0/;

/** A collector that has not begun: it stands still until it is told to go on. */
async function prepareCollector(data: string, clockFile: string) {
  const child = Bun.spawn(["sh", "-c", 'kill -STOP $$; exec "$@"', "sh", executable, "gc", "--json", "--data", data], {
    env: environment(shiftedBy(clockFile, "+8d")),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  await waitUntil("the collector stands still", async () => (await stateOf(child.pid)) === "T");
  return {
    pid: child.pid,
    goOn: () => process.kill(child.pid, "SIGCONT"),
    /** How many sessions it purged. */
    purged: async () => {
      const text = await child.stdout.text();
      await child.exited;
      return (JSON.parse(text.trim().split("\n").at(-1) ?? "{}") as { uploads?: number }).uploads;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

describe.skipIf(!canTrace)("a session that is too old", () => {
  test("is gone for a client that comes while it is purged", async () => {
    using directory = temporaryDirectory();
    using clock = temporaryDirectory();
    const data = directory.path;
    await using registry = await startRegistry({ data, args: plainArgs });
    const client = new Client(registry, new Expectations());
    const location = await client.beginUpload(name, bytes);
    await using collector = await prepareCollector(data, join(clock.path, "offset"));
    await using stepper = await stepThrough(collector.pid, calls);
    const held = stepper.stopAfter((call) => isHeld.test(call), collector.purged());
    collector.goOn();
    expect(await held).toMatch(isHeld);
    const late = await waitAtLock(registry, () => registry.fetch(location, { method: "PATCH", body: bytes }));
    stepper.release();
    expect(await refusalOf(await late.answer)).toEqual({ status: 404, code: "BLOB_UPLOAD_UNKNOWN" });
    await client.pushBlob(name, bytes, "chunks");
  });

  test("stays for a client that is writing to it", async () => {
    using directory = temporaryDirectory();
    using clock = temporaryDirectory();
    const data = directory.path;
    await using registry = await startRegistry({ data, args: plainArgs });
    const location = await new Client(registry, new Expectations()).beginUpload(name, bytes);
    const append = () => registry.fetch(location, { method: "PATCH", body: bytes.slice(0, 3000) });
    await using appending = await standAt(registry, append, { isPoint: isHeld, calls });
    await using collector = await prepareCollector(data, join(clock.path, "offset"));
    collector.goOn();
    expect(await collector.purged()).toBe(0);
    expect((await appending.goOn()).status).toBe(202);
    const end = withDigest(location, digestOf(bytes));
    expect((await registry.fetch(end, { method: "PUT", body: bytes.slice(3000) })).status).toBe(201);
  });

  test("is purged when nobody comes", async () => {
    using directory = temporaryDirectory();
    using clock = temporaryDirectory();
    const data = directory.path;
    await using registry = await startRegistry({ data, args: plainArgs });
    const location = await new Client(registry, new Expectations()).beginUpload(name, bytes);
    await using collector = await prepareCollector(data, join(clock.path, "offset"));
    collector.goOn();
    expect(await collector.purged()).toBe(1);
    expect((await registry.fetch(location)).status).toBe(404);
  });
});

/** As /proc tells it: "T" is stopped. */
async function stateOf(pid: number): Promise<string | undefined> {
  return /\) (\w)/.exec(await Bun.file(`/proc/${pid}/stat`).text())?.[1];
}
