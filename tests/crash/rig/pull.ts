// Pulling: everything that a manifest leads to is there and hashes to its digest.
import { digestOf } from "../../e2e/image.ts";
import type { Desk } from "./desk.ts";
import { type Answer, BrokenOff } from "./fleet.ts";
import { type Place, splitPlace } from "./knowledge.ts";

/** Asks for a path; one answer of a server that lives may break off. */
export type Get = (path: string) => Promise<Answer | undefined>;

interface Descriptor {
  readonly digest: string;
}

interface ManifestBody {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

/** Pulls while others are at work. A single answer may come too early or break off, the second one may not. */
export async function pullTag(desk: Desk, place: Place): Promise<void> {
  const [digest] = desk.knowledge.of("tag", place);
  if (typeof digest !== "string") return;
  const { name, digest: tag } = splitPlace(place);
  const get: Get = async (path) => {
    let answer = await getOnce(desk, path);
    if (answer?.status !== 200) answer = await getOnce(desk, path);
    return answer !== undefined && desk.isExcused(answer.status) ? undefined : answer;
  };
  const answer = await get(`/v2/${name}/manifests/${tag}`);
  desk.count(`pull ${answer?.status ?? "excused"}`);
  if (answer === undefined) return;
  if (answer.status !== 200) return desk.report(`lost: ${place}, acknowledged as ${digest}, answers ${answer.status}`);
  const seen = digestOf(answer.bytes);
  if (seen !== digest) return desk.report(`wrong: ${place} is ${seen}, acknowledged as ${digest}`);
  for (const problem of await findMissing(get, name, answer.bytes)) desk.report(`lost: a part of ${place}: ${problem}`);
}

async function getOnce(desk: Desk, path: string): Promise<Answer | undefined> {
  try {
    return await desk.ask(path);
  } catch (error) {
    if (error instanceof BrokenOff) return undefined;
    throw error;
  }
}

/** What a manifest leads to and what is not as it must be. `verified` remembers blobs between calls. */
export async function findMissing(
  get: Get,
  name: string,
  manifest: Uint8Array,
  verified: Set<string> = new Set(),
): Promise<readonly string[]> {
  const { config, layers = [], manifests = [] } = JSON.parse(new TextDecoder().decode(manifest)) as ManifestBody;
  const problems: string[] = [];
  const blobs = [...(config === undefined ? [] : [config]), ...layers];
  for (const { digest } of blobs) {
    if (verified.has(`${name}@${digest}`)) continue;
    const problem = check(digest, await get(`/v2/${name}/blobs/${digest}`));
    if (problem === undefined) verified.add(`${name}@${digest}`);
    else problems.push(`blob ${name}@${digest} ${problem}`);
  }
  for (const { digest } of manifests) {
    const child = await get(`/v2/${name}/manifests/${digest}`);
    const problem = check(digest, child);
    if (problem !== undefined) problems.push(`manifest ${name}@${digest} ${problem}`);
    else if (child !== undefined) problems.push(...(await findMissing(get, name, child.bytes, verified)));
  }
  return problems;
}

/** Undefined where it is right, or nobody can tell. */
function check(digest: string, answer: Answer | undefined): string | undefined {
  if (answer === undefined) return undefined;
  if (answer.status !== 200) return `answers ${answer.status}`;
  const seen = digestOf(answer.bytes);
  return seen === digest ? undefined : `is damaged: ${answer.bytes.length} bytes that hash to ${seen}`;
}
