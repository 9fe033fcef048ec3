import { expect, test } from "bun:test";
import { LineOutput } from "../../src/log/line-output.ts";

/** A stream that takes everything and says that it is behind until it is told otherwise. */
function slowStream() {
  const lines: string[] = [];
  const listeners: (() => void)[] = [];
  let isBehind = true;
  return {
    lines,
    write: (line: string) => {
      lines.push(line);
      return !isBehind;
    },
    once: (_event: "drain", listener: () => void) => listeners.push(listener),
    catchUp: () => {
      isBehind = false;
      for (const listener of listeners.splice(0)) listener();
    },
  };
}

test("lines that come while too much waits are dropped, and counted when the reader has caught up", () => {
  const stream = slowStream();
  const dropped: number[] = [];
  const output = new LineOutput({ stream, maxWaiting: 10, onDropped: (count) => void dropped.push(count) });
  for (const line of ["1234\n", "5678\n", "9\n", "10\n"]) output.write(line);
  expect([stream.lines, dropped]).toEqual([["1234\n", "5678\n"], []]);
  stream.catchUp();
  output.write("after\n");
  expect([stream.lines, dropped]).toEqual([["1234\n", "5678\n", "after\n"], [2]]);
});

test("a reader that keeps up gets every line", () => {
  const stream = slowStream();
  stream.catchUp();
  const output = new LineOutput({ stream, maxWaiting: 3, onDropped: () => expect.unreachable() });
  for (let count = 0; count < 100; count += 1) output.write("line\n");
  expect(stream.lines.length).toBe(100);
});
