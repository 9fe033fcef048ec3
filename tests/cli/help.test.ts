import { expect, test } from "bun:test";
import type { Command } from "../../src/cli/command.ts";
import { formatHelp, formatOverview } from "../../src/cli/help.ts";

const command: Command = {
  name: "paint",
  summary: "paints a wall",
  operands: "[wall]",
  maxOperands: 1,
  description: "Paints a wall.",
  flags: [
    { name: "colour", value: "NAME", isRepeatable: true, help: "one of many" },
    { name: "dry", help: "only says what it would do" },
  ],
  run: async () => 0,
};

test("formatHelp() shows usage, description and the flags that parse", () => {
  expect(formatHelp(command)).toEqual(`Usage:
  registry paint [flags] [wall]

Paints a wall.

Flags:
  --colour NAME …  one of many
  --dry            only says what it would do
`);
});

test("formatHelp() of a command without flags and operands shows no empty parts", () => {
  expect(formatHelp({ ...command, flags: [], operands: "" })).toEqual("Usage:\n  registry paint\n\nPaints a wall.\n");
});

test("formatOverview() lists every command with its summary", () => {
  expect(formatOverview([command])).toContain("  registry paint [wall]  paints a wall\n");
});
