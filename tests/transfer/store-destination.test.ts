// The store as a destination: beside others that bring the same, and after an interruption.
import { expect, test } from "bun:test";
import { openArrival } from "../../src/registry/arrival.ts";
import { markCached } from "../../src/registry/cached.ts";
import { codeOf } from "../registry/refused.ts";
import { digestOf, named, pullImage, pushImage, stocked, tagged, utf8 } from "../registry/stocked.ts";
import { copied, destinationIn, sourceIn } from "./copying.ts";

const origin = { digest: digestOf("0123456789"), upstream: "copies" };

async function sourceWithTen() {
  const from = stocked();
  await pushImage(from, "app", { tag: "v1", layers: ["0123456789"] });
  return sourceIn(from, "app");
}

test.each([
  ["01234", 5 + "config".length],
  // What is wrong, or too long, is thrown away.
  ["xxxxx", 5 + 10 + "config".length],
  ["012345678901", 10 + "config".length],
])("a copy goes on with %p", async (half, sentBytes) => {
  const to = stocked();
  const arrival = await openArrival(to.store, origin);
  if (arrival === "busy") throw new Error("busy");
  await arrival.append([utf8(half)]);
  arrival[Symbol.dispose]();
  const outcome = await copied(await sourceWithTen(), await destinationIn(to, "app", "there"));
  expect([outcome.sentBytes, await pullImage(to, "app", tagged("v1"))]).toEqual([sentBytes, true]);
});

test("two copies of one blob at once send it once", async () => {
  const to = stocked();
  const source = await sourceWithTen();
  const outcomes = await Promise.all(
    ["one", "two"].map(async (name) => copied(source, await destinationIn(to, name, "there"))),
  );
  const sentBytes = outcomes.reduce((sum, each) => sum + each.sentBytes, 0);
  expect(sentBytes).toBe(10 + "config".length);
  expect([await pullImage(to, "one", tagged("v1")), await pullImage(to, "two", tagged("v1"))]).toEqual([true, true]);
});

test("a repository that is cached from elsewhere takes no copies", async () => {
  const to = stocked();
  await markCached(to.store, named("app"), "https://docker.io");
  expect(await codeOf(destinationIn(to, "app"))).toBe("UNSUPPORTED");
});
