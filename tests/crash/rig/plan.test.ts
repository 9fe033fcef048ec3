import { expect, test } from "bun:test";
import { mixedAilments, type PlanOptions, planRound } from "./plan.ts";

const options: PlanOptions = {
  seed: "7",
  faults: ["kill", "call", "freeze", "dawdle", "power", "full", "error", "clock"],
  loadMs: [100, 200],
  ailments: mixedAilments,
  collectorCount: undefined,
};

test("planRound() gives the same round for the same seed, and another one for another", () => {
  const rounds = Array.from({ length: 50 }, (_, number) => planRound(number, options));
  expect(rounds).toEqual(Array.from({ length: 50 }, (_, number) => planRound(number, options)));
  expect(rounds).not.toEqual(Array.from({ length: 50 }, (_, number) => planRound(number, { ...options, seed: "8" })));
});

test("planRound() comes upon every fault that is asked for, and no other", () => {
  const kindsOf = (faults: PlanOptions["faults"]) =>
    new Set(Array.from({ length: 300 }, (_, number) => planRound(number, { ...options, faults }).fault.kind));
  expect(kindsOf(options.faults)).toEqual(new Set(options.faults));
  expect(kindsOf(["power"])).toEqual(new Set(["power"]));
});
