import { expect, test } from "bun:test";
import { join } from "node:path";
import { type DescriptorCounts, watchConnections } from "../../../src/app/listening/connections.ts";
import type { Room } from "../../../src/http/server.ts";

/** A process with three sockets of its own, at a time and with numbers that the test sets. */
function watched(most: number) {
  const state = { nowMs: 0, all: 10, sockets: 3, costMs: 1 };
  let looks = 0;
  const counts = {
    all: () => state.all,
    sockets: () => {
      looks += 1;
      state.nowMs += state.costMs;
      return state.sockets;
    },
  };
  const look = watchConnections(most, () => state.nowMs, counts);
  const at = (sockets: number) => {
    state.sockets = sockets;
    state.all = sockets + 7;
    state.nowMs += 1000;
    return look();
  };
  return { state, look, at, looks: () => looks };
}

test.each<[number, Room]>([
  [90, "enough"],
  [91, "little"],
  [102, "little"],
  [103, "full"],
  [114, "full"],
  [115, "none"],
])("with %p sockets, of which 100 may be connections: %s", (sockets, want) => {
  expect(watched(100).at(sockets)).toBe(want);
});

test("sockets are counted only where there are enough descriptors", () => {
  const { at, looks } = watched(100);
  at(50);
  at(80);
  expect(looks()).toBe(1);
});

test("counting takes no more than a twentieth of the time, and room that was made is seen at once", () => {
  const { state, look, at, looks } = watched(100);
  const seen = [at(103), looks()];
  state.sockets = 120;
  state.nowMs += 19;
  seen.push(look(), looks());
  state.nowMs += 1;
  seen.push(look(), looks());
  state.all = 50;
  seen.push(look());
  expect(seen).toEqual(["full", 2, "full", 2, "none", 3, "enough"]);
});

test.each<[number, DescriptorCounts]>([
  [Number.POSITIVE_INFINITY, { all: () => 1e6, sockets: () => 1e6 }],
  [1, { all: () => undefined, sockets: () => 1e6 }],
])("without a limit of %p, or a system that tells, there is always room", (most, counts) => {
  expect(watchConnections(most, () => 0, counts)()).toBe("enough");
});

test("the sockets of a process count as they are opened", () => {
  const { stdout } = Bun.spawnSync([process.execPath, join(import.meta.dir, "own-sockets.ts")]);
  expect(JSON.parse(stdout.toString())).toEqual(["enough", "little"]);
});
