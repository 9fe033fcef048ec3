import { expect, test } from "bun:test";
import { anonymous } from "../../src/registry/actor.ts";

test("anonymous() carries the request that it asks with", () => {
  expect([anonymous("r-1"), anonymous()]).toEqual([
    { name: "anonymous", requestId: "r-1" },
    { name: "anonymous", requestId: undefined },
  ]);
});
