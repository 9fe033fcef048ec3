import { expect, test } from "bun:test";
import { readBounded } from "../../src/ui/bounded-read.ts";

/** A body of so many pieces, which says nothing of its length; how many were taken. */
function pieces(count: number, headers: Record<string, string> = {}) {
  let taken = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (taken === count) return controller.close();
        taken += 1;
        controller.enqueue(new Uint8Array([taken]));
      },
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(stream, { headers }), taken: () => taken };
}

test("readBounded() reads what is small enough", async () => {
  expect(await readBounded(pieces(3).response, 3)).toEqual(new Uint8Array([1, 2, 3]));
});

test("readBounded() reads nothing as nothing", async () => {
  expect(await readBounded(new Response(null), 3)).toEqual(new Uint8Array());
});

test("readBounded() stops as soon as there is more", async () => {
  const { response, taken } = pieces(1000);
  expect([await readBounded(response, 3), taken()]).toEqual([undefined, 4]);
});

test("readBounded() reads nothing of what is announced as more", async () => {
  const { response, taken } = pieces(1000, { "content-length": "1000" });
  expect([await readBounded(response, 3), taken()]).toEqual([undefined, 0]);
});
