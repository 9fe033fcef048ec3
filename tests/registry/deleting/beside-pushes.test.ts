// Deletions beside pushes, deletions and collections, in whatever order chance gives: what was acknowledged and has a tag
// is whole in the end.
import { expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { RegistryError } from "../../../src/oci/errors.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { withRemoving } from "../../../src/registry/store.ts";
import { wrapCalls } from "../../storage/intercepted.ts";
import { collect, graceMs } from "../gc/collected.ts";
import { named, pullImage, pushImage, pushIndex, type Stocked, stocked } from "../stocked.ts";
import { carryOut, plan } from "./planned.ts";

const app = named("app");
const rounds = 20;

function pick(count: number): number {
  return Math.floor(Math.random() * count);
}

/** Each call of the driver may be overtaken by those of others. */
function dawdling(): Stocked {
  return stocked((driver) =>
    wrapCalls(driver, (_port, _name, call) => async (...asked: unknown[]) => {
      if (pick(4) === 0) await new Promise(setImmediate);
      return call(...asked);
    }),
  );
}

/** What a client is told that has to try again. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

async function pushOften(stock: Stocked): Promise<void> {
  let before: readonly Digest[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Some children were pushed a while ago, and may be gone: then the push of the index is refused.
    const children: Digest[] = before.slice(0, pick(3));
    for (let each = 0; each < 2; each += 1) {
      const digest = await unlessRefused(() => pushImage(stock, "app", { layers: [`layer ${pick(4)}`] }));
      if (digest !== undefined) children.push(digest);
    }
    await unlessRefused(() => pushIndex(stock, "app", { tag: `tag-${pick(6)}`, children }));
    before = children.toReversed();
    const subject = children[0];
    if (pick(3) === 0 && subject !== undefined) await unlessRefused(() => pushImage(stock, "app", { subject }));
  }
}

async function deleteUntil(stock: Stocked, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const suffix = String(pick(6));
    await unlessRefused(async () => {
      const planned = await plan(stock, { matches: (tag) => tag.endsWith(suffix), isEverything: pick(30) === 0 });
      await carryOut(stock, planned);
    });
    await new Promise(setImmediate);
  }
}

async function collectOften(stock: Stocked): Promise<void> {
  for (let round = 0; round < rounds / 5; round += 1) {
    await collect(stock, { deletesUntagged: true });
    stock.wait(graceMs / 2);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  }
}

/** Whether every tag leads to a whole image, at a moment when nobody adds or removes anything. */
async function isWhole(stock: Stocked): Promise<boolean> {
  return withRemoving(stock.store, app, [], async () => {
    const { tags } = stock.registry.repository(app, anonymous());
    const { items } = await tags.list({ limit: 100, after: undefined }).catch(() => ({ items: [] }));
    for (const tag of items) if (!(await pullImage(stock, "app", tag).catch(() => false))) return false;
    return true;
  });
}

test.each([1, 2])("what has a tag is whole, whatever is deleted beside it: run %d", async () => {
  const stock = dawdling();
  let isOver = false;
  const pushing = Promise.all([pushOften(stock), pushOften(stock), pushOften(stock), pushOften(stock)]).finally(() => {
    isOver = true;
  });
  const looking = (async () => {
    const looks: boolean[] = [];
    while (!isOver) looks.push(await isWhole(stock));
    return looks;
  })();
  await Promise.all([pushing, deleteUntil(stock, () => isOver), deleteUntil(stock, () => isOver), collectOften(stock)]);
  const looks = await looking;
  expect([looks.length > 10, looks.every((isSound) => isSound), await isWhole(stock)]).toEqual([true, true, true]);
  expect((await collect(stock)).summary.findings).toBe(0);
});
