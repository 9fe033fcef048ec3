import { expect, test } from "bun:test";
import { readWhole } from "../../src/proxy/read-whole.ts";
import type { Answer } from "../../src/proxy/transport.ts";
import { refusalOf } from "./caching.ts";

function answerOf(chunks: readonly string[]): Answer {
  return {
    status: 200,
    headers: new Headers(),
    url: new URL("https://a.example/"),
    sender: "public",
    cancel: () => undefined,
    chunks: async function* () {
      for (const chunk of chunks) yield new TextEncoder().encode(chunk);
    },
  };
}

const reading = { maxBytes: 6, stallMs: 1000, host: "a.example" };

test("readWhole() gives all chunks as one, and no more than it may", async () => {
  const sizes = [[], ["abc", "def"]].map(async (chunks) => (await readWhole(answerOf(chunks), reading)).toString());
  expect(await Promise.all(sizes)).toEqual(["", "abcdef"]);
  expect(await refusalOf(readWhole(answerOf(["abc", "def", "g"]), reading))).toBe("UPSTREAM_INVALID");
});
