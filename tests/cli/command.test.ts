import { expect, test } from "bun:test";
import { type Command, flagOf, hasFlag, parseWords, UsageError } from "../../src/cli/command.ts";

const command: Command = {
  name: "probe",
  summary: "",
  operands: "[file]",
  maxOperands: 1,
  description: "",
  flags: [
    { name: "san", value: "NAME", isRepeatable: true, help: "" },
    { name: "days", value: "N", elsewhere: ["ttl"], help: "" },
    { name: "force", short: "f", help: "" },
  ],
  run: async () => 0,
};

test.each([
  [[], { positionals: [], flags: {} }],
  [["a"], { positionals: ["a"], flags: {} }],
  [["--force", "a"], { positionals: ["a"], flags: { force: [""] } }],
  [["--force=true", "a"], { positionals: ["a"], flags: { force: [""] } }],
  [["-f=1"], { positionals: [], flags: { force: [""] } }],
  [["--force=false", "-f=F"], { positionals: [], flags: {} }],
  [["--", "-f=1"], { positionals: ["-f=1"], flags: {} }],
  [["--san", "a", "--san=b"], { positionals: [], flags: { san: ["a", "b"] } }],
  [
    ["--san", "a", "b"],
    {
      positionals: ["b"],
      flags: { san: ["a"] },
      repeatHint: "to give --san several values, repeat it: --san a --san b",
    },
  ],
  [["--days", "3", "b"], { positionals: ["b"], flags: { days: ["3"] } }],
  [["--days", "3", "--", "--force"], { positionals: ["--force"], flags: { days: ["3"] } }],
])("parseWords(%p)", (words, want) => {
  expect(parseWords(command, words)).toEqual(want);
});

test.each([
  [["--sann", "a"], "unknown flag --sann; did you mean --san?"],
  [["--frobnicate"], "unknown flag --frobnicate"],
  [["-force"], "unknown flag -o"],
  [["-g=true"], "unknown flag -g"],
  [["--san"], "--san needs a value: --san NAME"],
  [["--san="], "--san needs a value: --san NAME"],
  [["--days", "--force"], "--days needs a value: --days N"],
  [["--force=yes"], "--force takes no value but true or false"],
  [["--force", "-f=true"], "--force may be given only once"],
  [["--days", "1", "--days", "2"], "--days may be given only once"],
  [["a", "b"], 'unexpected argument "b"'],
  [["--ttl", "3"], "unknown flag --ttl; did you mean --days N?"],
  [["a", "--san", "b", "c"], 'unexpected argument "c"; to give --san several values, repeat it: --san b --san c'],
  [["--san", "a", "b", "c"], 'unexpected argument "c"; to give --san several values, repeat it: --san a --san b'],
])("parseWords(%p) says what is wrong", (words, message) => {
  const parse = () => parseWords(command, words);
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(message);
});

test("flagOf() and hasFlag() read what was parsed", () => {
  const words = parseWords(command, ["--days", "3"]);
  expect([flagOf(words, "days"), flagOf(words, "san"), hasFlag(words, "days"), hasFlag(words, "force")]).toEqual([
    "3",
    undefined,
    true,
    false,
  ]);
});
