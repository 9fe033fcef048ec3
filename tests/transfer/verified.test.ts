import { expect, test } from "bun:test";
import { startHash } from "../../src/oci/hash.ts";
import { verified } from "../../src/transfer/verified.ts";
import { digestOf, utf8 } from "../registry/stocked.ts";

async function pass(chunks: readonly string[], text: string): Promise<string> {
  let passed = "";
  const source = async function* () {
    for (const chunk of chunks) yield utf8(chunk);
  };
  try {
    const blob = { digest: digestOf(text), sizeBytes: text.length };
    for await (const chunk of verified(source(), blob, startHash("sha256"))) passed += new TextDecoder().decode(chunk);
  } catch (error) {
    return `${passed}! ${String(error).replace(/sha256:\w+/g, "D")}`;
  }
  return passed;
}

test.each([
  [["ab", "", "cd"], "abcd", "abcd"],
  [[], "", ""],
  [["ab", "ce"], "abcd", "ab! RegistryError: the source sent something wrong: what was sent as D is D"],
  [["ab", "cdef"], "abcd", "ab! RegistryError: the source sent something wrong: D is longer than its 4 bytes"],
  [["ab", "c"], "abcd", "ab! RegistryError: the source ended D after 3 of its 4 bytes"],
])("verified() passes %p, meant to be %p, on as %p", async (chunks, text, want) => {
  expect(await pass(chunks, text)).toBe(want);
});
