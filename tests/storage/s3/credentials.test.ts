import { expect, test } from "bun:test";
import { CurrentCredentials } from "../../../src/storage/s3/credentials.ts";

const minuteMs = 60_000;

/** Credentials that end after an hour, with a clock to be turned. */
function rotating() {
  const state = { nowMs: 0, asked: 0, isDown: false };
  const source = {
    name: "the test's own",
    get: async () => {
      state.asked += 1;
      if (state.isDown) throw new Error("down");
      const accessKeyId = `key-${state.asked}`;
      return { accessKeyId, secretAccessKey: "s", endsMs: state.nowMs + 60 * minuteMs, signingKeys: new Map() };
    },
  };
  return { state, current: new CurrentCredentials(source, () => state.nowMs) };
}

test("they are asked for once, however many want them, and again a while before they end", async () => {
  const { state, current } = rotating();
  const first = await Promise.all([current.get(), current.get()]);
  state.nowMs = 54 * minuteMs;
  const later = await current.get();
  state.nowMs = 56 * minuteMs;
  const early = await current.get();
  await Promise.resolve();
  const renewed = await current.get();
  expect([...first, later, early, renewed].map((each) => each.accessKeyId)).toEqual([
    "key-1",
    "key-1",
    "key-1",
    "key-1",
    "key-2",
  ]);
});

test("a source that is down costs nothing until they end, and is left alone for a moment", async () => {
  const { state, current } = rotating();
  await current.get();
  state.isDown = true;
  state.nowMs = 56 * minuteMs;
  const kept = [await current.get(), await current.get(), await current.get()].map((each) => each.accessKeyId);
  state.nowMs = 59.9 * minuteMs;
  const failed = await current.get().catch((error: Error) => error.message);
  expect([kept, failed, state.asked]).toEqual([["key-1", "key-1", "key-1"], "down", 3]);
});

test("what the store has refused is asked for anew, unless it never ends", async () => {
  const { current } = rotating();
  const first = await current.get();
  current.forget(first);
  const second = await current.get();
  const fixed = { accessKeyId: "fixed", secretAccessKey: "s", signingKeys: new Map() };
  const lasting = new CurrentCredentials({ name: "fixed", get: async () => ({ ...fixed }) }, () => 0);
  const before = await lasting.get();
  lasting.forget(before);
  expect([second.accessKeyId, (await lasting.get()) === before]).toEqual(["key-2", true]);
});
