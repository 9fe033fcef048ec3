import { expect, test } from "bun:test";
import { listValued } from "../../../src/cli/completion/offered.ts";
import { someOffers } from "./commands.ts";

test("describeCommands() says what operands are: files, words, names of commands, or nothing that can be guessed", () => {
  expect(someOffers.map(({ names, first, rest }) => [names, first, rest])).toEqual([
    [["work", "labour"], { kind: "file" }, { kind: "text" }],
    [["keys"], { kind: "words", words: ["make", "list"] }, { kind: "file" }],
    [["help"], { kind: "words", words: ["work", "keys", "help"] }, { kind: "text" }],
  ]);
});

test("describeCommands() says what the values of flags are", () => {
  expect(someOffers[0]?.flags.map(({ name, value }) => [name, value])).toEqual([
    ["data", { kind: "directory" }],
    ["file", { kind: "file" }],
    ["kind", { kind: "words", words: ["one", "two"] }],
    ["grace", { kind: "text" }],
    ["quick", undefined],
    ["help", undefined],
  ]);
});

test("listValued() lists the flags that take a value", () => {
  expect(listValued(someOffers)).toEqual(["--data", "--file", "--kind", "--grace"]);
});
