import { expect, test } from "bun:test";
import { LongSending } from "../../src/http/long-sending.ts";

const megabyte = 1024 * 1024;

const answerOf = (sizeBytes: number) => new Response(null, { headers: { "Content-Length": String(sizeBytes) } });

function sending() {
  const state = { isSending: true, begun: 0, ended: 0 };
  const long = new LongSending({
    keepCallsShort: () => {
      state.begun += 1;
      return {
        [Symbol.dispose]: () => {
          state.ended += 1;
        },
      };
    },
    isSending: () => state.isSending,
    lookMs: 5,
  });
  return { state, long };
}

test("calls are kept short for long answers alone", () => {
  const { state, long } = sending();
  for (const answer of [new Response("short"), answerOf(megabyte)]) long.note(answer);
  const before = state.begun;
  for (const answer of [answerOf(5 * megabyte), answerOf(500 * megabyte)]) long.note(answer);
  long[Symbol.dispose]();
  expect([before, state.begun, state.ended]).toEqual([0, 1, 1]);
});

test("they are kept short until nothing is being sent, and again for the next one", async () => {
  const { state, long } = sending();
  long.note(answerOf(5 * megabyte));
  await Bun.sleep(30);
  const meanwhile = state.ended;
  state.isSending = false;
  while (state.ended === 0) await Bun.sleep(5);
  long.note(answerOf(5 * megabyte));
  long[Symbol.dispose]();
  long[Symbol.dispose]();
  expect([meanwhile, state.begun, state.ended]).toEqual([0, 2, 2]);
});
