import { expect, test } from "bun:test";
import { type Holder, readHolder } from "../../src/auth/holder.ts";

const holders: readonly Holder[] = [
  { kind: "anonymous" },
  { kind: "user", name: "alice", credential: "x" },
  { kind: "apiToken", id: "x" },
  { kind: "workload", name: "job", groups: ["devs"], claims: { repository: "acme/app" } },
];

test.each(holders)("readHolder() reads %p, and nothing beside it", (holder) => {
  expect(readHolder({ ...holder, more: 1 })).toEqual(holder);
});

test.each([
  [undefined],
  [null],
  ["anonymous"],
  [{}],
  [{ kind: "root" }],
  [{ kind: "user", name: "alice" }],
  [{ kind: "user", name: ["alice"], credential: "x" }],
  [{ kind: "apiToken" }],
  [{ kind: "workload", name: "job", groups: "devs", claims: {} }],
  [{ kind: "workload", name: "job", groups: [], claims: null }],
  [{ kind: "workload", groups: [], claims: {} }],
])("readHolder(%p) is nobody", (claim) => {
  expect(readHolder(claim)).toBeUndefined();
});
