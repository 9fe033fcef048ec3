// Nodes append, deliver, sleep, die and take over in any order, on a store that loses, delays and doubles: whatever was
// acknowledged is told at least once. Without its condition a put would lose some.
import { expect, test } from "bun:test";
import { Engine, type Fault } from "./engine.ts";
import { ci, openJournalNode } from "./journal-node.ts";

type Node = ReturnType<typeof openJournalNode>;

/** A generator of numbers from 0 up to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const kinds = ["dropped", "lost", "late", "doubled"] as const;

class World {
  readonly engine: Engine;
  readonly acknowledged: string[] = [];
  readonly told: string[] = [];
  readonly #random: () => number;
  readonly #nodes: Node[];
  #count = 0;

  constructor(seed: number, { isConditional }: { readonly isConditional: boolean }) {
    this.engine = new Engine({ isConditional, pageSize: 3 });
    this.#random = randomFrom(seed);
    this.#nodes = [0, 1, 2].map(() => this.#open());
    this.engine.fault = () => this.#fault();
  }

  #open(): Node {
    return openJournalNode(this.engine, { limits: { attempts: 2, totalMs: 60_000 } });
  }

  #fault(): Fault | undefined {
    if (this.#random() > 0.2) return undefined;
    const kind = kinds[this.#below(kinds.length)];
    return kind && { kind };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  async step(): Promise<void> {
    const index = this.#below(this.#nodes.length);
    const node = this.#nodes[index];
    const choice = this.#below(20);
    if (node === undefined) return;
    if (choice < 8) await Promise.all(Array.from({ length: 1 + this.#below(3) }, () => this.#append(node)));
    else if (choice < 11) await this.#deliver(node);
    else if (choice < 13) await node.segments.keep();
    else if (choice < 15) this.engine.nowMs += this.#below(70_000);
    else if (choice < 17) await node.journal.takeOver().catch(() => undefined);
    else if (choice < 18) await this.engine.arrive();
    // Killed; or stopped, which leaves the rest to others.
    else this.#nodes[index] = this.#open();
    if (choice === 19) await node.journal.close();
    // Its sleep may be long: nobody keeps what it has meanwhile.
    if (choice === 14) await Promise.all([this.#append(node), this.#takeOverAll()]);
  }

  async #append(node: Node): Promise<void> {
    const text = `{"n":${this.#count++}}`;
    await node.journal.append({ recipients: [ci], text }).then(
      () => this.acknowledged.push(text),
      () => undefined,
    );
  }

  async #takeOverAll(): Promise<void> {
    await Promise.all(this.#nodes.map(({ journal }) => journal.takeOver().catch(() => undefined)));
  }

  async #deliver(node: Node): Promise<void> {
    this.told.push(...(await node.deliver()).map((text) => text.slice("ci ".length)));
  }

  /** The store does what it should again, and somebody looks. */
  async end(): Promise<readonly string[]> {
    this.engine.fault = () => undefined;
    await this.engine.arrive();
    for (let round = 0; round < 3; round += 1) {
      this.engine.nowMs += 61_000;
      await this.#takeOverAll();
      for (const node of this.#nodes) await this.#deliver(node);
    }
    return this.acknowledged.filter((text) => !this.told.includes(text));
  }
}

async function run(seed: number, options: { readonly isConditional: boolean }): Promise<World> {
  const world = new World(seed, options);
  for (let count = 0; count < 60; count += 1) await world.step();
  return world;
}

const seeds = Array.from({ length: Number(process.env.FAST_CHECK_RUNS ?? 40) }, (_, index) => index + 1);

test("nothing that was acknowledged is lost", async () => {
  let [acknowledged, told] = [0, 0];
  for (const seed of seeds) {
    const world = await run(seed, { isConditional: true });
    expect([seed, await world.end()]).toEqual([seed, []]);
    acknowledged += world.acknowledged.length;
    told += world.told.length;
  }
  // Most are told once, whatever happens.
  expect([acknowledged > seeds.length * 10, told < acknowledged * 2]).toEqual([true, true]);
}, 120_000);

test("without the condition of puts something would be", async () => {
  let lost = 0;
  for (const seed of seeds) lost += (await (await run(seed, { isConditional: false })).end()).length;
  expect(lost).toBeGreaterThan(0);
}, 120_000);
