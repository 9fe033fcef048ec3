// Requests that were good once, bent at random: none crashes or stops the server, or makes it err, and what is stored
// stays whole. `npm run hostile` sends a hundred thousand of them. HOSTILE_SEED repeats a run.
import { expect, test } from "bun:test";
import { anonymousBytes, canReadMemory } from "../e2e/process-memory.ts";
import { openHostileSite } from "./guarded.ts";
import { charge, type Tally } from "./onslaught.ts";
import { replay } from "./recording.ts";

const count = Number(process.env.HOSTILE_REQUESTS ?? 10_000);
const seed = process.env.HOSTILE_SEED ?? Date.now().toString(36);
const wave = 5000;
const mebibyte = 1024 * 1024;

test("the recorded requests are answered as they were", async () => {
  await using site = await openHostileSite(true);
  expect(await replay(await site.target())).toEqual([]);
});

test.skipIf(!canReadMemory()).each([
  ["with users", true],
  ["open to everybody", false],
])("a registry %s bears bent requests", async (kind, isGuarded) => {
  await using site = await openHostileSite(isGuarded);
  const { pid, stderr } = site.registry;
  const tallies: Tally[] = [];
  const heldBytes: number[] = [];
  const startedMs = performance.now();
  for (let first = 0; first < count / 2; first += wave) {
    // What earlier waves deleted is there again.
    await replay(await site.target());
    const many = Math.min(wave, Math.ceil(count / 2) - first);
    tallies.push(await charge({ seed, first, count: many, target: await site.target() }));
    heldBytes.push(anonymousBytes(pid));
  }
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`${kind}, HOSTILE_SEED=${seed}: ${count / 2} requests in ${seconds.toFixed(1)} s`);
  console.log(JSON.stringify(sum(tallies)));
  console.log(`RssAnon: ${heldBytes.map((bytes) => Math.round(bytes / mebibyte)).join(", ")} MiB`);
  expect(tallies.flatMap(({ faults }) => faults)).toEqual([]);
  expect(stderr().match(/.*level=error.*/g) ?? []).toEqual([]);
  expect((await site.registry.fetch("/")).status).toBe(200);
  expect(findingsOf((await site.verify()).stdout)).toEqual([]);
  expect(Math.max(...heldBytes)).toBeLessThan(256 * mebibyte);
});

function sum(tallies: readonly Tally[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const [status, times] of tallies.flatMap(({ statuses }) => Object.entries(statuses))) {
    total[status] = (total[status] ?? 0) + times;
  }
  return total;
}

/** What is wrong with the store. That something lacks what a client has deleted is untidy, and the client's doing. */
function findingsOf(report: string): readonly string[] {
  const { lost, repairable } = /findings +(?<lost>\d+) lost, (?<repairable>\d+) repairable/.exec(report)?.groups ?? {};
  const isWhole = lost === "0" && repairable === "0";
  const lines = report.split("\n").filter((line) => /^untidy /.test(line) && !/ was deleted; /.test(line));
  return isWhole ? lines : [report];
}
