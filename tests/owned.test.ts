// What a function owns with `using` is closed when it returns. A promise that is returned without `await` is not settled
// then: a file would be closed before it is synced, a lock released before the work under it is done.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../src");

const files = [...new Glob("**/*.ts").scanSync(root)].sort().map((path) => ({
  path,
  text: readFileSync(join(root, path), "utf8"),
}));

const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = ""]) => name);

const asyncFunctions = files.flatMap(({ text }) => namesIn(text, /\basync function (\w+)/g));

/** Lines that return the promise of a call from a block in which something was owned before. */
function findUnawaited(text: string): string[] {
  const methods = namesIn(text, /\basync (#\w+)/g).map((name) => `this.${name}`);
  const names = new Set([...asyncFunctions, ...methods]);
  let owning: number[] = [];
  return text.split("\n").filter((line) => {
    if (line.trim() === "") return false;
    const indent = line.search(/\S/);
    owning = owning.filter((level) => level <= indent);
    if (/^\s*(?:await )?using /.test(line)) owning.push(indent);
    const [, called = ""] = /\breturn (?:[^(]+ \? )?([\w.#]+)\(/.exec(line) ?? [];
    return owning.length > 0 && (names.has(called) || /\bdriver\.\w+$/.test(called));
  });
}

test("findUnawaited() finds what is returned too early", () => {
  const early = "async #publish() {\n  using lock = take();\n  return this.#publish(lock);\n}";
  const waits = early.replace("return", "return await");
  expect([early, waits].map((text) => findUnawaited(text).length)).toEqual([1, 0]);
});

test("who owns something waits for the work with it", () => {
  const early = files.flatMap(({ path, text }) => findUnawaited(text).map((line) => `${path}: ${line.trim()}`));
  expect(early).toEqual([]);
});
