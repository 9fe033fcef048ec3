// Random programs of API calls of two clients against the model: one call after the other, and both at once in every
// order of the driver's calls that chance gives. FAST_CHECK_RUNS sets how many; a counterexample that was found stays
// below as an example.
import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { digestOf } from "../http/memory-registry.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { wrapCalls } from "../storage/intercepted.ts";
import { openMemory } from "../storage/memory.ts";
import { sharedDisk } from "../storage/test-store.ts";
import { type Answer, type Call, Model, manifests, repositories, tags, texts } from "./model.ts";
import { callArbitrary, clientOf, type Race, raceArbitrary } from "./model-client.ts";

const disk = sharedDisk({ isDurable: false });
afterAll(() => disk[Symbol.dispose]());

const stores = {
  memory: async () => {
    const driver = openMemory();
    return { driver, other: driver, [Symbol.dispose]: () => undefined };
  },
  filesystem: disk.open,
};
const kinds = [
  ["memory", 100],
  ["filesystem", 25],
] as const;
const limitMs = 600_000;

function runsOf(usual: number): number {
  return Number(process.env.FAST_CHECK_RUNS ?? usual);
}

/** A call of one of two clients. */
type Step = readonly [client: "first" | "second", call: Call];
const stepArbitrary = fc.tuple(fc.constantFrom("first", "second"), callArbitrary) as fc.Arbitrary<Step>;

/** What the clients were answered, and what the model says. */
async function compare(kind: keyof typeof stores, program: readonly Step[]) {
  using store = await stores[kind]();
  const sessions: string[] = [];
  const clients = { first: clientOf(store.driver, sessions), second: clientOf(store.other, sessions) };
  const model = new Model();
  const answers: Answer[] = [];
  const wanted: Answer[] = [];
  for (const [client, call] of program) {
    answers.push(await clients[client](call));
    wanted.push(model.apply(call));
  }
  return { answers, wanted };
}

describe.each(kinds)("two clients that take turns, %s", (kind, usual) => {
  test(
    "are answered as the model says",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60, size: "max" }), async (program) => {
          const { answers, wanted } = await compare(kind, program);
          expect(answers).toEqual(wanted);
        }),
        { numRuns: runsOf(usual) },
      );
    },
    limitMs,
  );
});

/** Every call that looks at something. */
const looks: readonly Call[] = [
  ...repositories.flatMap((repository): Call[] => [
    ...texts.map((text): Call => ({ kind: "getBlob", repository, digest: digestOf(text) })),
    ...manifests.map(({ digest: reference }): Call => ({ kind: "get", repository, reference })),
    ...tags.map((reference): Call => ({ kind: "get", repository, reference })),
    ...manifests.map(({ digest: subject }): Call => ({ kind: "referrers", repository, subject })),
    { kind: "tags", repository, n: 9, last: "" },
  ]),
  { kind: "catalog", n: 9, last: "" },
];

/** The driver with each call put off until the scheduler chooses it. */
function scheduled(driver: LockedDriver, scheduler: fc.Scheduler, state: { readonly isOver: boolean }): LockedDriver {
  return wrapCalls(driver, (port, name, call) => async (...args) => {
    if (!state.isOver) await scheduler.schedule(Promise.resolve(), `${port}.${name}`);
    return call(...args);
  });
}

/** What both clients are answered when they ask at once, and everything that can be seen afterwards. */
async function race(kind: keyof typeof stores, scheduler: fc.Scheduler, { before, first, second }: Race) {
  using store = await stores[kind]();
  const state = { isOver: true };
  const one = clientOf(scheduled(store.driver, scheduler, state), []);
  const two = clientOf(scheduled(store.other, scheduler, state), []);
  for (const call of before) await one(call);
  const runAll = async (client: typeof one, calls: readonly Call[]) => {
    const answers: Answer[] = [];
    for (const call of calls) answers.push(await client(call));
    return answers;
  };
  state.isOver = false;
  const answers = await scheduler.waitFor(Promise.all([runAll(one, first), runAll(two, second)]));
  state.isOver = true;
  return [...answers, await runAll(one, looks)];
}

/** The same for each order of the calls one after the other. */
function* serialOutcomes({ before, first, second }: Race): Generator<unknown> {
  for (const order of orders(first.length, second.length)) {
    const model = new Model();
    for (const call of before) model.apply(call);
    const rest = [first.values(), second.values()] as const;
    const answers: [Answer[], Answer[]] = [[], []];
    for (const client of order) {
      const { value: call } = rest[client].next();
      if (call !== undefined) answers[client].push(model.apply(call));
    }
    yield [...answers, looks.map((call) => model.apply(call))];
  }
}

function* orders(first: number, second: number): Generator<readonly (0 | 1)[]> {
  if (first === 0 && second === 0) yield [];
  if (first > 0) for (const rest of orders(first - 1, second)) yield [0, ...rest];
  if (second > 0) for (const rest of orders(first, second - 1)) yield [1, ...rest];
}

describe.each(kinds)("two clients at once, %s", (kind, usual) => {
  test(
    "are answered, and leave things, as in some order of their calls",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), raceArbitrary, async (scheduler, program) => {
          const seen = await race(kind, scheduler, program);
          const isPossible = serialOutcomes(program).some((outcome) => Bun.deepEquals(outcome, seen));
          if (!isPossible) expect(seen).toEqual(serialOutcomes(program).next().value);
        }),
        { numRuns: runsOf(usual) },
      );
    },
    limitMs,
  );
});
