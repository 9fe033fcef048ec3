import { expect, test } from "bun:test";
import { Slots } from "../../src/lib/slots.ts";

const { signal } = new AbortController();

test("as many as there are places start, and the others follow in line", async () => {
  const slots = new Slots(2);
  const order: string[] = [];
  const places = [await slots.take(signal), await slots.take(signal)];
  const waiting = ["first", "second"].map(async (who) => {
    const place = await slots.take(signal);
    order.push(who);
    return place;
  });
  await Promise.resolve();
  const before = [...order];
  places[0]?.[Symbol.dispose]();
  const third = await waiting[0];
  third?.[Symbol.dispose]();
  await waiting[1];
  expect([before, order]).toEqual([[], ["first", "second"]]);
});

test("whoever stops waiting takes no place, even one that was assigned at the same moment", async () => {
  const slots = new Slots(1);
  const place = await slots.take(signal);
  const [one, other] = [new AbortController(), new AbortController()];
  const refused = [slots.take(one.signal), slots.take(other.signal)].map((each) => each.then(() => "", String));
  one.abort("one gave up");
  await refused[0];
  other.abort("the other gave up");
  place[Symbol.dispose]();
  expect(await Promise.all(refused)).toEqual(["one gave up", "the other gave up"]);
  using again = await slots.take(signal);
  expect(again).toBeDefined();
});

test("a line that is full is told before one waits in it", async () => {
  const slots = new Slots(1, 1);
  const seen = [slots.isFull];
  const place = await slots.take();
  seen.push(slots.isFull);
  const next = slots.take();
  seen.push(slots.isFull);
  place[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  seen.push(slots.isFull);
  expect(seen).toEqual([false, false, true, false]);
});
