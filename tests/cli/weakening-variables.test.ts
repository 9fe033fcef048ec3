import { expect, test } from "bun:test";
import { ignoreWeakeningVariables } from "../../src/cli/weakening-variables.ts";

test("ignoreWeakeningVariables() empties what weakens TLS or prints credentials, with a sentence for each", () => {
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0", BUN_CONFIG_VERBOSE_FETCH: "curl", HOME: "/root" };
  const sentences = ignoreWeakeningVariables(env);
  expect(sentences.map((sentence) => sentence.split(" is ignored: it would ")[0])).toEqual([
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "BUN_CONFIG_VERBOSE_FETCH",
  ]);
  expect(env).toEqual({ NODE_TLS_REJECT_UNAUTHORIZED: "", BUN_CONFIG_VERBOSE_FETCH: "", HOME: "/root" });
});

test("ignoreWeakeningVariables() says nothing of what is not set, or empty", () => {
  const env = { BUN_CONFIG_VERBOSE_FETCH: "" };
  expect([ignoreWeakeningVariables(env), ignoreWeakeningVariables({})]).toEqual([[], []]);
});
