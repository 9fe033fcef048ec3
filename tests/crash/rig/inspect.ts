// A registry after a restart, held against the ledger: every difference in a sentence. Nothing else is under way, so
// what is seen is certain from then on and goes into the ledger.
import { digestOf } from "../../e2e/image.ts";
import type { Chance } from "./chance.ts";
import { crowdedRepository, isOfCrowd } from "./crowd.ts";
import type { Answer, Fleet } from "./fleet.ts";
import { type Effect, isCertain, type Knowledge, type Place, splitPlace } from "./knowledge.ts";
import type { Ledger } from "./ledger.ts";
import { findMissing, type Get } from "./pull.ts";

/** Looks at everything that any client asked for, and whether the crowd is still there. */
export async function inspect(
  { ledger, tagCount }: { readonly ledger: Ledger; readonly tagCount: number },
  fleet: Fleet,
  chance: Chance,
): Promise<readonly string[]> {
  const inspection = new Inspection({ knowledge: ledger.knowledge, tagCount }, (path) => fleet.ask(chance, path));
  await inspection.run();
  await ledger.record({ phase: "seen", id: ledger.nextId(), effects: inspection.seen });
  return inspection.problems;
}

class Inspection {
  readonly problems: string[] = [];
  readonly seen: Effect[] = [];
  readonly #knowledge: Knowledge;
  readonly #tagCount: number;
  readonly #get: (path: string) => Promise<Answer>;
  readonly #verified = new Set<string>();

  constructor(
    { knowledge, tagCount }: { readonly knowledge: Knowledge; readonly tagCount: number },
    get: (path: string) => Promise<Answer>,
  ) {
    this.#knowledge = knowledge;
    this.#tagCount = tagCount;
    this.#get = get;
  }

  async run(): Promise<void> {
    const listed = new Map<string, readonly string[]>();
    if (this.#tagCount > 0) {
      const tags = await this.#listTags(crowdedRepository);
      listed.set(crowdedRepository, tags);
      const left = tags.filter((tag) => isOfCrowd(`${crowdedRepository}:${tag}`)).length;
      if (left !== this.#tagCount) this.problems.push(`lost: ${left} of ${this.#tagCount} tags of the crowd are left`);
    }
    for (const place of this.#knowledge.places("tag")) {
      const { name } = splitPlace(place);
      if (!listed.has(name)) listed.set(name, await this.#listTags(name));
      await this.#inspectTag(place, listed.get(name) ?? []);
    }
    for (const place of this.#knowledge.places("manifest")) await this.#inspectContent("manifest", place);
    for (const place of this.#knowledge.places("blob")) await this.#inspectContent("blob", place);
  }

  async #listTags(name: string): Promise<readonly string[]> {
    const { status, bytes } = await this.#get(`/v2/${name}/tags/list`);
    if (status === 404) return [];
    const { tags } = JSON.parse(new TextDecoder().decode(bytes)) as { tags: readonly string[] };
    const known = new Set(this.#knowledge.places("tag"));
    const isKnown = (place: Place) => known.has(place) || isOfCrowd(place);
    for (const tag of tags) if (!isKnown(`${name}:${tag}`)) this.problems.push(`${name}:${tag} came from nowhere`);
    return tags;
  }

  async #inspectTag(place: Place, listed: readonly string[]): Promise<void> {
    const { name, digest: tag } = splitPlace(place);
    const possible = this.#knowledge.of("tag", place);
    const { status, bytes } = await this.#get(`/v2/${name}/manifests/${tag}`);
    const value = status === 404 ? null : status === 200 ? digestOf(bytes) : `answer ${status}`;
    if (listed.includes(tag) !== (value !== null)) this.problems.push(`${place}: list and GET do not agree`);
    if (!possible.has(value)) {
      const what = value === null ? "lost" : possible.has(null) && possible.size === 1 ? "came back" : "wrong";
      this.problems.push(`${what}: ${place} is ${value}, acknowledged or in flight: ${[...possible].join(" or ")}`);
    }
    // Reported once; from here on what is there counts.
    if (!isCertain(possible, value)) this.seen.push({ what: "tag", place, value });
    if (typeof value !== "string" || status !== 200) return;
    for (const problem of await this.#missing(name, bytes)) this.problems.push(`lost: a part of ${place}: ${problem}`);
    await this.#inspectReferrers(name, value);
  }

  #missing(name: string, bytes: Uint8Array): Promise<readonly string[]> {
    const get: Get = (path) => this.#get(path);
    return findMissing(get, name, bytes, this.#verified);
  }

  async #inspectReferrers(name: string, digest: string): Promise<void> {
    const wanted = this.#knowledge.referrersOf(`${name}@${digest}`);
    if (wanted.length === 0) return;
    const { bytes } = await this.#get(`/v2/${name}/referrers/${digest}`);
    const { manifests = [] } = JSON.parse(new TextDecoder().decode(bytes)) as { manifests?: { digest: string }[] };
    const found = new Set(manifests.map((manifest) => manifest.digest));
    for (const referrer of wanted) {
      if (!found.has(referrer)) this.problems.push(`lost: ${referrer} is no referrer of ${name}@${digest}`);
    }
  }

  async #inspectContent(what: "blob" | "manifest", place: Place): Promise<void> {
    const { name, digest } = splitPlace(place);
    const possible = this.#knowledge.of(what, place);
    const isVerified = what === "blob" && this.#verified.has(place);
    const answer = isVerified ? undefined : await this.#get(`/v2/${name}/${what}s/${digest}`);
    const isThere = answer === undefined || answer.status === 200;
    if (answer !== undefined && isThere && digestOf(answer.bytes) !== digest) this.problems.push(`damaged: ${place}`);
    if (!isThere && answer.status !== 404) this.problems.push(`${place} answers ${answer.status}`);
    if (!possible.has(isThere)) {
      this.problems.push(
        `${isThere ? "came back" : "lost"}: ${what} ${place}, acknowledged or in flight: ${[...possible]}`,
      );
    }
    // What is gone and was not deleted has been collected, and a repair may bring it back for a manifest that is left.
    if (isThere && !isCertain(possible, isThere)) this.seen.push({ what, place, value: isThere });
    if (what === "manifest" && isThere && answer !== undefined && possible.size === 1) {
      for (const problem of await this.#missing(name, answer.bytes))
        this.problems.push(`lost: a part of ${place}: ${problem}`);
    }
  }
}
