import { expect, test } from "bun:test";
import { EventQueue } from "../../src/notifications/queue.ts";

const lasting = (line: string, isDropped = () => false) => ({
  isDropped,
  read: async () => line,
  done: () => undefined,
});

async function drain(queue: EventQueue): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let event = queue.shift(); event !== undefined; event = queue.shift()) lines.push((await event.read()) ?? "");
  return lines;
}

test("lasting events come first, both kinds in their order", async () => {
  const queue = new EventQueue(10);
  queue.addPassing("pull 1");
  queue.addLasting(lasting("push 1"));
  queue.addPassing("pull 2");
  queue.addLasting(lasting("push 2"));
  expect([queue.size, await drain(queue), queue.size]).toEqual([4, ["push 1", "push 2", "pull 1", "pull 2"], 0]);
});

test("of passing events the oldest give way", async () => {
  const queue = new EventQueue(2);
  expect(["a", "b", "c"].map((line) => queue.addPassing(line))).toEqual([0, 0, 1]);
  expect(await drain(queue)).toEqual(["b", "c"]);
});

test("lasting events that were given up are taken out and counted", async () => {
  const queue = new EventQueue(2);
  queue.addLasting(lasting("a", () => true));
  queue.addLasting(lasting("b"));
  expect([queue.removeDropped(), queue.removeDropped(), await drain(queue)]).toEqual([1, 0, ["b"]]);
});
