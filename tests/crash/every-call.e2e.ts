// A program that is killed at any of its file system calls: what was acknowledged is there and whole, the rest is old
// or new and never between, and everything can be pushed again.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { StartedRegistry } from "../e2e/executable.ts";
import { environment, requireProgram, requireRoot, waitUntil } from "../e2e/program.ts";
import { makeSmallDisk, type SmallDisk } from "../e2e/small-disk.ts";
import { type Interruption, prepare, runKilled } from "./killed-run.ts";
import { makeDiskImage, mountCopy, type PowerDisk } from "./power-disk.ts";
import { scenarios } from "./scenarios.ts";
import { stepThrough } from "./stepper.ts";

const canTrace = [
  requireRoot(),
  requireProgram("strace", "strace"),
  requireProgram("mkfs.ext4", "e2fsprogs"),
  requireProgram("fsfreeze", "util-linux"),
].every(Boolean);

describe.skipIf(!canTrace)("killed at each call", () => {
  // Not on the memory itself, where the program knows that there is nothing to sync.
  let memory: SmallDisk;
  let disk: PowerDisk;
  let kills = 0;
  beforeAll(async () => {
    memory = await makeSmallDisk("tmpfs", 256);
    const image = join(memory.data, "image");
    await makeDiskImage("ext4", image, async () => undefined);
    disk = await mountCopy("ext4", image);
  });
  afterAll(async () => {
    await disk[Symbol.asyncDispose]();
    await memory[Symbol.asyncDispose]();
    console.log(`${kills} kills`);
  });

  test.each(scenarios.map((scenario) => ({ title: scenario.title, scenario })))(
    "$title",
    async ({ title, scenario }) => {
      const template = join(disk.data, "template");
      const prepared = await prepare(scenario, template);
      const problems: string[] = [];
      const count = async (interruption: (number: number) => Interruption) => {
        for (let number = 1; ; number += 1) {
          const outcome = await runKilled(prepared, join(disk.data, "run"), interruption(number));
          problems.push(...outcome.problems);
          if (outcome.call === undefined) return number - 1;
          kills += 1;
        }
      };
      const afterChanges = await count(afterChange);
      const atOpensAndWrites = scenario.also.includes("writes") ? await count(atOpenOrWrite) : "not tried";
      rmSync(template, { recursive: true });
      console.log(title, { afterChanges, atOpensAndWrites });
      expect(problems).toEqual([]);
      // A scenario that ended early, or a trace that saw nothing, would prove nothing.
      expect(afterChanges).toBeGreaterThan(10);
      if (atOpensAndWrites !== "not tried") expect(atOpensAndWrites).toBeGreaterThan(10);
    },
  );
});

/** Killed when it has made its n-th change of the data directory. */
function afterChange(number: number): Interruption {
  return async (registry, act) => {
    await using stepper = await stepThrough(registry.pid);
    let seen = 0;
    const isNth = (call: string) => call.includes(registry.data) && ++seen === number;
    const call = await stepper.stopAfter(isNth, act());
    await registry.kill();
    return call;
  };
}

/** Killed on the way into the n-th call that opens or writes a file; all of them come from the first thread. */
function atOpenOrWrite(number: number): Interruption {
  return async (registry, act) => {
    const calls = "openat,write";
    const inject = `--inject=${calls}:signal=KILL:when=${number}`;
    const child = Bun.spawn(["strace", "-y", "-p", String(registry.pid), "-e", `trace=${calls}`, inject], {
      env: environment(),
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    let text = "";
    const reading = (async () => {
      for await (const chunk of child.stderr) text += new TextDecoder().decode(chunk);
    })();
    await waitUntil("strace holds the registry", () => text.includes(" attached"));
    await act();
    const isKilled = await hasEnded(registry);
    if (!isKilled) child.kill("SIGINT");
    await child.exited;
    await reading;
    return isKilled
      ? text
          .trimEnd()
          .split("\n")
          .findLast((line) => /^(openat|write)\(/.test(line))
      : undefined;
  };
}

async function hasEnded(registry: StartedRegistry): Promise<boolean> {
  return await registry.fetch("/v2/").then(
    () => false,
    () => true,
  );
}
