// Two processes on one directory, of which one can be made to stand still in the middle of a request.
import { expect } from "bun:test";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { Client } from "./client.ts";
import { findBrokenInvariants } from "./directory-check.ts";
import { Expectations } from "./expectations.ts";
import { plainArgs } from "./killed-run.ts";
import { findDifferences } from "./outcome.ts";
import { changingCalls, stepThrough, watch } from "./stepper.ts";

/** Two registries that serve the same data. */
export interface Pair extends AsyncDisposable {
  readonly data: string;
  /** The one that stands still. */
  readonly first: StartedRegistry;
  readonly second: StartedRegistry;
  /** What was done through the first one before. */
  readonly seen: Expectations;
  readonly client: Client;
}

export async function startPair(): Promise<Pair> {
  const directory = temporaryDirectory();
  const data = directory.path;
  const first = await startRegistry({ data, args: plainArgs });
  const second = await startRegistry({ data, args: plainArgs });
  const seen = new Expectations();
  return {
    data,
    first,
    second,
    seen,
    client: new Client(first, seen),
    [Symbol.asyncDispose]: async () => {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

/** Both show the same, which is what may be seen, and the directory is in order. */
export async function expectAgreement({ first, second, seen, data }: Pair): Promise<void> {
  expect([
    ...(await findDifferences(first, seen)),
    ...(await findDifferences(second, seen)),
    ...findBrokenInvariants(data),
  ]).toEqual([]);
}

/** A request that stands still. */
export interface Standing extends AsyncDisposable {
  /** Lets it go on; its answer. */
  goOn(): Promise<Response>;
}

/** Begins a request on a registry and returns when the process stands still after the call. */
export async function standAt(
  registry: StartedRegistry,
  request: () => Promise<Response>,
  { isPoint, calls = changingCalls }: { readonly isPoint: RegExp; readonly calls?: string },
): Promise<Standing> {
  const stepper = await stepThrough(registry.pid, calls);
  const answer = request();
  const call = await stepper.stopAfter((text) => isPoint.test(text), answer);
  if (call === undefined) {
    await stepper[Symbol.asyncDispose]();
    throw new Error(`${isPoint} was never called; the answer is ${(await answer).status}\n${stepper.calls.join("\n")}`);
  }
  return {
    goOn: async () => {
      stepper.release();
      return await answer;
    },
    [Symbol.asyncDispose]: () => stepper[Symbol.asyncDispose](),
  };
}

/** Begins a request on a registry and returns when it has been refused a lock; the request waits for it then. */
export async function waitAtLock(
  registry: StartedRegistry,
  request: () => Promise<Response>,
): Promise<{ readonly answer: Promise<Response> }> {
  await using watched = await watch(registry.pid, "flock");
  let isAnswered = false;
  const answer = request().finally(() => {
    isAnswered = true;
  });
  await waitUntil("it is refused a lock", () => {
    if (isAnswered) throw new Error(`it did not wait\n${watched.calls.join("\n")}`);
    return watched.calls.some((call) => call.includes("EAGAIN"));
  });
  return { answer };
}
