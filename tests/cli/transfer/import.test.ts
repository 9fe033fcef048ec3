import { expect, test } from "bun:test";
import { importCommand } from "../../../src/cli/transfer/import.ts";

// What it does is shown together with the export, in export.test.ts.
test("registry import takes a file and a place", () => {
  expect([importCommand.maxOperands, importCommand.flags.map(({ name }) => name)]).toEqual([
    2,
    ["data", "config", "plain-http", "quiet"],
  ]);
});
