import { expect, test } from "bun:test";
import { UploadSlots } from "../../src/http/upload-slots.ts";
import { RegistryError } from "../../src/oci/errors.ts";

function refusal(slots: UploadSlots): unknown {
  try {
    slots.take();
    return undefined;
  } catch (error) {
    return error instanceof RegistryError ? [error.code, error.refusal.retryAfterSeconds] : error;
  }
}

test("UploadSlots gives no more than there are, and each only once", () => {
  const slots = new UploadSlots(2);
  const first = slots.take();
  slots.take();
  const full = refusal(slots);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect([full, refusal(slots), refusal(slots)]).toEqual([["UNAVAILABLE", 5], undefined, ["UNAVAILABLE", 5]]);
});

test("UploadSlots without a limit gives any number", () => {
  const slots = new UploadSlots(Number.POSITIVE_INFINITY);
  for (let count = 0; count < 10_000; count += 1) slots.take();
  expect(refusal(slots)).toBeUndefined();
});
