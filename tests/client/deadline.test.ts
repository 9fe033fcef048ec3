import { expect, test } from "bun:test";
import { Deadline } from "../../src/client/deadline.ts";
import { untilAborted } from "../../src/lib/until-aborted.ts";
import { codeOf, refusalOf } from "../proxy/caching.ts";

const never = new Promise<string>(() => undefined);

test("a deadline ends a wait with a refusal, also one that begins after it", async () => {
  using deadline = new Deadline(1, "registry.example");
  const refusal = await untilAborted(never, deadline.signal).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "UPSTREAM_TIMEOUT", message: "registry.example does not answer in time" });
  const failing = Promise.reject(new Error("nobody hears this"));
  expect(await refusalOf(untilAborted(failing, deadline.signal))).toBe("UPSTREAM_TIMEOUT");
});

test("work that is done in time is its own outcome, and nothing is left of the deadline", async () => {
  const { signal } = (() => {
    using deadline = new Deadline(1, "registry.example");
    return deadline;
  })();
  const failure = untilAborted(Promise.reject(new Error("wrong")), signal).catch(codeOf);
  expect([await untilAborted(Promise.resolve("done"), signal), await failure]).toEqual(["done", "Error: wrong"]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(signal.aborted).toBe(false);
});
