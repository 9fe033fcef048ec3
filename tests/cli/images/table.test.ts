import { expect, test } from "bun:test";
import { createTable, formatTableRow } from "../../../src/cli/images/table.ts";

/** A table whose output and clock are the test's. */
function tableWith(head: readonly string[]) {
  const pieces: string[] = [];
  const clock = { ms: 0 };
  const table = createTable({ stdout: (text) => void pieces.push(text), now: () => clock.ms }, head);
  return { table, pieces, clock };
}

test("columns are as wide as the first rows, and wide characters count twice", () => {
  const { table, pieces } = tableWith(["NAME", "SIZE"]);
  table.add(["日本", "1 B"]);
  table.add(["a", "2 B"]);
  table.end();
  expect(pieces.join("")).toBe("NAME  SIZE\n日本  1 B\na     2 B\n");
});

test("without rows there is no head", () => {
  const { table, pieces } = tableWith(["NAME"]);
  table.end();
  expect(pieces).toEqual([]);
});

test("a long list begins at once, and what is wider later is not cut", () => {
  const { table, pieces } = tableWith([]);
  for (let row = 0; row < 200; row += 1) table.add(["a", "b"]);
  expect(pieces.join("").split("\n")).toHaveLength(201);
  table.add(["wide", "b"]);
  table.end();
  expect(pieces.at(-1)).toBe("wide  b\n");
});

test("a slow list begins after a moment, and goes on as it comes", () => {
  const { table, pieces, clock } = tableWith(["NAME"]);
  table.add(["a"]);
  expect(pieces).toEqual([]);
  clock.ms = 501;
  table.add(["b"]);
  expect(pieces.join("")).toBe("NAME\na\nb\n");
  clock.ms = 1000;
  table.add(["c"]);
  expect(pieces.join("")).toBe("NAME\na\nb\nc\n");
});

test("one very wide cell does not push the others away", () => {
  const { table, pieces } = tableWith([]);
  table.add(["x".repeat(100), "1"]);
  table.add(["y", "2"]);
  table.end();
  expect(pieces.join("").split("\n")[1]).toBe(`y${" ".repeat(61)}2`);
});

test("formatTableRow() leaves no spaces at the end", () => {
  expect(formatTableRow(["a", ""], [3, 3])).toBe("a\n");
});
