import { expect, test } from "bun:test";
import { knownTargets } from "../../src/registry/known-targets.ts";
import { digestOf } from "./stocked.ts";

const digests = [digestOf("one"), digestOf("two")];

test.each([
  ["nothing without listings", undefined, []],
  ["nothing where identities do not follow from bytes", { identityOf: () => undefined }, []],
  [
    "each digest by the identity of a link that holds it",
    { identityOf: (bytes: Uint8Array) => `of ${new TextDecoder().decode(bytes)}` },
    digests.map((digest) => [`of ${digest}`, digest] as const),
  ],
] as const)("knownTargets() tells %s", async (_, listings, want) => {
  expect([...(await knownTargets(listings, digests))]).toEqual(want.map(([identity, digest]) => [identity, digest]));
});
