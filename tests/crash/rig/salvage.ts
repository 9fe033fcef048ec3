// The damage of a round: pushed whole and damaged while collectors are at work; then collected twice, looked at, repaired,
// and held against what must have become of it.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../e2e/image.ts";
import { run } from "../../e2e/program.ts";
import type { Chance } from "./chance.ts";
import { type Damage, damage, digestOfDamage, isMendable, makeWreck, type Wreck } from "./damage.ts";
import { BrokenOff, Down, type Fleet } from "./fleet.ts";
import { findMissing } from "./pull.ts";
import type { Scene } from "./victims.ts";

/** Pushes what is to be damaged; false where the registry did not take all of it. */
async function push(fleet: Fleet, chance: Chance, { name, index, children, blobs }: Wreck): Promise<boolean> {
  const ask = async (path: string, init: RequestInit) => (await fleet.ask(chance, `/v2/${name}/${path}`, init)).status;
  for (const { digest, bytes } of blobs) {
    if ((await ask(`blobs/uploads/?digest=${digest}`, { method: "POST", body: bytes })) !== 201) return false;
  }
  for (const { digest, mediaType, bytes } of [...children, index]) {
    const reference = digest === index.digest ? "latest" : digest;
    const put = { method: "PUT", headers: { "Content-Type": mediaType }, body: bytes };
    if ((await ask(`manifests/${reference}`, put)) !== 201) return false;
  }
  return true;
}

/** What was damaged in a round; undefined where the servers died or the disk went before, or where what was pushed is lost. */
export async function wreck(
  { data }: Scene,
  { name, planned, fleet, chance }: { name: string; planned: Damage; fleet: Fleet; chance: Chance },
  report: (problem: string) => void,
): Promise<Wreck | undefined> {
  const made = makeWreck(name, chance);
  try {
    if (!(await push(fleet, chance, made))) return undefined;
  } catch (error) {
    if (error instanceof Down || error instanceof BrokenOff) return undefined;
    throw error;
  }
  if (damage(data, planned, made)) return made;
  // Without the disk there is no repository either.
  const isMounted = existsSync(join(data, "docker/registry/v2/repositories", name));
  if (isMounted) report(`lost: the ${planned.victim} of ${name} is gone before it is damaged`);
  return undefined;
}

/** What is not as it must be; nothing else is under way, and a server is there. Heals all of it. */
export async function salvage(
  { executable, data, deletesUntagged }: Scene,
  { made, planned, fleet, chance }: { made: Wreck; planned: Damage; fleet: Fleet; chance: Chance },
): Promise<readonly string[]> {
  const registry = (...words: readonly string[]) => run([executable, ...words, "--data", data, "--json"]);
  const { name, index } = made;
  const digest = digestOfDamage(planned, made);
  const problems: string[] = [];
  const say = (problem: string) => problems.push(`${planned.victim} ${planned.harm}: ${problem}`);
  const look = async () => {
    const answer = await fleet.ask(chance, `/v2/${name}/manifests/latest`);
    if (answer.status !== 200 || digestOf(answer.bytes) !== index.digest) return [`the tag answers ${answer.status}`];
    return findMissing((path) => fleet.ask(chance, path), name, answer.bytes);
  };
  for (let time = 0; time < 2; time += 1) {
    await registry("gc", "--grace", "0s", ...(deletesUntagged ? ["--delete-untagged"] : []));
  }
  const found = await registry("verify");
  const isWhole = found.code === 0 && (await look()).length === 0;
  // Repaired by somebody beside the round, or pushed over.
  const hex = digest.slice(digest.indexOf(":") + 1);
  if (!isWhole && !found.stdout.includes(hex)) say(`no finding tells of ${digest}: ${found.code} ${found.stdout}`);
  if (found.code > (isMendable(planned) ? 1 : 2)) say(`verify ends with ${found.code}: ${found.stdout}`);
  const repaired = await registry("verify", "--repair");
  const broken = (await look()).filter((problem) => isMendable(planned) || !problem.includes(digest));
  for (const problem of broken) say(`lost: ${problem} after ${repaired.code} ${repaired.stdout}`);
  if (!(await push(fleet, chance, made))) say("a push that heals it is refused");
  for (const problem of await look()) say(`a push did not heal it: ${problem}`);
  // What could not be healed is told once.
  rmSync(join(data, "docker/registry/v2/repositories", name), { recursive: true });
  return problems;
}
