// The races of a collector with the rest, each stopped at the point where it would hurt; and many clients and
// collectors in every order that chance gives. That these tests bite is shown by switching the rules off.

import { describe, expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { RegistryError } from "../../../src/oci/errors.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { blobKey, layerLink } from "../../../src/registry/layout.ts";
import type { LockedDriver } from "../../storage/contract.ts";
import { answering, type Hooks, intercept, wrapCalls } from "../../storage/intercepted.ts";
import {
  digestOf,
  named,
  pullImage,
  pushBlob,
  pushImage,
  type Stocked,
  stocked,
  stockedTicking,
  tagged,
} from "../stocked.ts";
import { type CollectOptions, collect, graceMs, hasBlob } from "./collected.ts";

const app = named("app");

type ArgumentsOf<Call> = Call extends (...args: infer Arguments) => unknown ? Arguments : never;

/** A registry whose driver runs `meanwhile` once, before the first call that `isPoint` names. */
function stockedWithStop<Port extends keyof LockedDriver, Name extends keyof LockedDriver[Port]>(
  port: Port,
  name: Name,
  isPoint: (...args: ArgumentsOf<LockedDriver[Port][Name]>) => boolean,
): { readonly stock: Stocked; stopFor(meanwhile: () => Promise<unknown>): void } {
  let waiting: (() => Promise<unknown>) | undefined;
  const hook = async (...args: ArgumentsOf<LockedDriver[Port][Name]>) => {
    const meanwhile = isPoint(...args) ? waiting : undefined;
    if (meanwhile === undefined) return;
    waiting = undefined;
    await meanwhile();
  };
  const stock = stocked((driver) => intercept(driver, { [port]: { [name]: hook } } as Hooks));
  return {
    stock,
    stopFor: (meanwhile) => {
      waiting = meanwhile;
    },
  };
}

/** A blob that was linked once, in the state in which the collector condemns it. */
async function condemn(stock: Stocked, text: string): Promise<Digest> {
  const digest = await pushBlob(stock, "app", text);
  await stock.registry.repository(app, anonymous()).blobs.delete(digest);
  stock.wait(graceMs);
  return digest;
}

describe("a collector that is stopped", () => {
  test.each([
    ["pushes it", (stock: Stocked) => pushBlob(stock, "app", "x")],
    [
      "mounts it",
      (stock: Stocked) =>
        stock.registry.repository(app, anonymous()).blobs.mount({ digest: digestOf("x"), from: undefined }),
    ],
  ])("before it moves a blob, while somebody %s, leaves it", async (_what, meanwhile) => {
    const { stock, stopFor } = stockedWithStop("trash", "condemn", () => true);
    const digest = await condemn(stock, "x");
    stopFor(() => meanwhile(stock));
    const { summary } = await collect(stock);
    expect(summary).toMatchObject({ condemned: 1, trashed: 0 });
    expect(await hasBlob(stock, digest)).toBe(true);
  });

  test("between its list of the trash and the links, while a blob in the trash is pushed again, keeps the new bytes", async () => {
    const { stock, stopFor } = stockedWithStop("objects", "list", (prefix) => prefix.endsWith("/repositories"));
    const digest = await condemn(stock, "x");
    await collect(stock);
    stock.wait(graceMs);
    stopFor(() => pushBlob(stock, "app", "x"));
    const { summary } = await collect(stock);
    expect(summary).toMatchObject({ purged: 1, restored: 0 });
    expect(await hasBlob(stock, digest)).toBe(true);
  });

  test("before it destroys an entry, while the blob is linked, brought back and trashed anew, destroys the old name only", async () => {
    const { stock, stopFor } = stockedWithStop("trash", "destroy", (name) => name.startsWith("blobs/"));
    const digest = await condemn(stock, "x");
    await collect(stock);
    stock.wait(graceMs);
    const other = named("other");
    stopFor(async () => {
      // Somebody writes a link, and looks: the entry comes back. Then the link is deleted, and another collector runs.
      await stock.store.objects.put(layerLink(other, digest), new TextEncoder().encode(digest));
      await stock.registry.repository(other, anonymous()).blobs.open(digest);
      await stock.registry.repository(other, anonymous()).blobs.delete(digest);
      await collect(unlocked(stock), { graceMs: 0 });
      await stock.store.objects.put(layerLink(other, digest), new TextEncoder().encode(digest));
    });
    await collect(stock);
    expect((await stock.registry.repository(other, anonymous()).blobs.open(digest)).sizeBytes).toBe(1);
  });

  test("after it read the links of a repository, while a blob is linked there, loses nothing", async () => {
    const { stock, stopFor } = stockedWithStop("objects", "list", (prefix) => prefix.endsWith("/blobs/sha256"));
    const digest = await condemn(stock, "x");
    stopFor(() => stock.store.objects.put(layerLink(app, digest), new TextEncoder().encode(digest)));
    expect((await collect(stock)).summary).toMatchObject({ trashed: 1 });
    // Who wrote the link looks, and so does everybody who reads it.
    expect(await stock.registry.repository(app, anonymous()).blobs.promise(digest)).toEqual({ sizeBytes: 1 });
    expect(await hasBlob(stock, digest)).toBe(true);
  });

  test("inside the lock of a repository lets others read, and pushes wait", async () => {
    const { stock, stopFor } = stockedWithStop("objects", "delete", (_key, options) => options?.isDurable === false);
    await pushImage(stock, "app", { tag: "1" });
    await pushBlob(stock, "app", "lonely");
    stock.wait(graceMs);
    let pushing: Promise<unknown> | undefined;
    let isPushed = false;
    stopFor(async () => {
      expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
      pushing = pushBlob(stock, "app", "late").then(() => {
        isPushed = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(isPushed).toBe(false);
    });
    await collect(stock);
    await pushing;
    expect(await hasBlob(stock, digestOf("late"))).toBe(true);
  });
});

describe("others that are stopped", () => {
  test("a push before its revision link: the collector leaves the repository alone", async () => {
    const { stock, stopFor } = stockedWithStop("objects", "put", (key) => key.includes("/revisions/"));
    stock.wait(graceMs);
    stopFor(async () => {
      stock.wait(graceMs);
      const { summary } = await collect(stock, { deletesUntagged: true });
      expect(summary).toMatchObject({ busy: 1, layerLinks: 0 });
    });
    await pushImage(stock, "app", { tag: "1" });
    expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
  });

  test("a commit between the bytes and the link, with a grace of nothing: the bytes come back", async () => {
    const { stock, stopFor } = stockedWithStop("objects", "put", (key) => key.includes("/_layers/"));
    stopFor(async () => {
      expect((await collect(stock, { graceMs: 0 })).summary).toMatchObject({ trashed: 1 });
    });
    const digest = await pushBlob(stock, "app", "x");
    expect(await hasBlob(stock, digest)).toBe(true);
  });

  test("a commit whose bytes were destroyed between the bytes and the link is refused, not acknowledged", async () => {
    const { stock, stopFor } = stockedWithStop("objects", "put", (key) => key.includes("/_layers/"));
    stopFor(async () => {
      await collect(stock, { graceMs: 0 });
      await collect(stock, { graceMs: 0 });
    });
    expect(pushBlob(stock, "app", "x")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("a reader between its look at the blob and its look at the trash finds what was brought back meanwhile", async () => {
    const { stock, stopFor } = stockedWithStop("trash", "restore", () => true);
    const digest = await condemn(stock, "x");
    await collect(stock);
    await stock.store.objects.put(layerLink(app, digest), new TextEncoder().encode(digest));
    stopFor(() => stock.registry.repository(app, anonymous()).blobs.open(digest));
    expect((await stock.registry.repository(app, anonymous()).blobs.open(digest)).sizeBytes).toBe(1);
  });

  test("a push during which the clock is set on by two days is refused at worst, and succeeds when repeated", async () => {
    const { stock, stopFor } = stockedWithStop("objects", "put", (key) => key.includes("/revisions/"));
    stopFor(async () => stock.wait(2 * 24 * 3_600_000));
    await pushImage(stock, "app", { tag: "1" });
    await collect(stock, { deletesUntagged: true });
    expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
    await pushBlob(stock, "app", "layer of the next");
    stock.wait(2 * 24 * 3_600_000);
    await collect(stock);
    await pushImage(stock, "app", { tag: "2", layers: ["layer of the next"] });
    expect(await pullImage(stock, "app", tagged("2"))).toBe(true);
  });
});

/** The registry as a collector without the collectors' own lock sees it. */
function unlocked(stock: Stocked): Stocked {
  const hold = async () => ({ [Symbol.dispose]: () => undefined });
  return { ...stock, store: { ...stock.store, ...answering(stock.store, { locks: { hold } }) } };
}

/** What a rule hangs on, taken away. Rule 4 has a test of its own, in gc-order.test.ts. */
const rulesOff: Readonly<Record<"2" | "3", (driver: LockedDriver) => LockedDriver>> = {
  "2": (driver) =>
    answering(driver, { locks: { take: async (_name, mode) => ({ mode, [Symbol.dispose]: () => undefined }) } }),
  "3": (driver) => answering(driver, { trash: { restore: async () => false } }),
};

/** Chance from a seed, so that a run can be repeated. */
function chance(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

/** Every call takes a few turns first, as many as chance wants. */
function scramble(driver: LockedDriver, random: (below: number) => number): LockedDriver {
  return wrapCalls(driver, (_port, _name, call) => async (...args) => {
    for (let turns = random(8); turns > 0; turns -= 1) await undefined;
    return await call(...args);
  });
}

/**
 * Clients push, delete and pull the same few images, while two collectors without a lock of their own run with a grace
 * of nothing. Gives what was lost: an image whose push was acknowledged and that cannot be pulled.
 */
async function lostIn(
  seed: number,
  breakRule: (driver: LockedDriver) => LockedDriver = (driver) => driver,
): Promise<readonly string[]> {
  const random = chance(seed);
  const stock = unlocked(stockedTicking((driver) => breakRule(scramble(driver, random))));
  const lost: string[] = [];
  const client = async (id: number) => {
    const [name, layer] = [`app${id % 2}`, `layer ${random(3)}`];
    for (let round = 0; round < 6; round += 1) {
      const tag = `t${id}`;
      const isPushed = await pushImage(stock, name, { tag, layers: [layer, `only ${id}`] }).then(() => true, isRefusal);
      if (!isPushed) continue;
      if (!(await canPull(stock, name, tag))) lost.push(`${seed}: ${name}:${tag}`);
      await stock.registry.repository(named(name), anonymous()).tags.delete(tagged(tag)).catch(isRefusal);
    }
  };
  const collector = async () => {
    const options: CollectOptions = { graceMs: 0, deletesUntagged: true };
    for (let round = 0; round < 12; round += 1) await collect(stock, options);
  };
  await Promise.all([client(0), client(1), client(2), client(3), collector(), collector()]);
  return lost;
}

/** One answer may break off in the instant between a look at a blob and its opening; the next is whole. */
async function canPull(stock: Stocked, name: string, tag: string): Promise<boolean> {
  const pull = () => pullImage(stock, name, tagged(tag)).catch(isRefusal);
  return (await pull()) || (await pull());
}

/** A push may be refused for what was collected between its requests; it is repeated then. */
function isRefusal(error: unknown): false {
  if (error instanceof RegistryError) return false;
  throw error;
}

const seeds = Array.from({ length: Number(process.env.RACE_SEEDS ?? 40) }, (_, index) => index + 1);

test(`nothing that was acknowledged is lost, in ${seeds.length} orders of clients and collectors`, async () => {
  const lost = [];
  for (const seed of seeds) lost.push(...(await lostIn(seed)));
  expect(lost).toEqual([]);
});

test.each(Object.entries(rulesOff))("without rule %s something is lost", async (_rule, breakRule) => {
  // Most orders are harmless: the search ends with the first that is not.
  for (let seed = 1; seed <= 10 * seeds.length; seed += 1) {
    const lost = await lostIn(seed, breakRule).catch((error: unknown) => [String(error)]);
    if (lost.length > 0) return;
  }
  throw new Error("nothing was lost: the tests of the races do not bite");
});

test("a blob of a live link whose bytes lie in the trash alone is brought back by the next collection", async () => {
  const stock = stocked();
  const digest = await pushBlob(stock, "app", "x");
  await pushImage(stock, "app", { tag: "1", layers: ["x"] });
  await stock.store.trash.discard(blobKey(digest), `blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}.other-1`);
  stock.wait(graceMs);
  expect((await collect(stock)).summary).toMatchObject({ restored: 1, purged: 0 });
  expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
});
