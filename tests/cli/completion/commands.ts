// A small table of commands, with one flag and one operand of each kind.
import type { Command } from "../../../src/cli/command.ts";
import { describeCommands, type OfferedCommand } from "../../../src/cli/completion/offered.ts";

const base = { summary: "does 'it': now [or later]", description: "", maxOperands: 1, run: async () => 0 };

/** The table. */
export const someCommands: readonly Command[] = [
  {
    ...base,
    name: "work",
    alias: "labour",
    operands: "[config.yml]",
    flags: [
      { name: "data", value: "DIR", help: "a directory" },
      { name: "file", short: "f", value: "FILE", help: "a file" },
      { name: "kind", value: "KIND", choices: ["one", "two"], isRepeatable: true, help: "[one] or: two" },
      { name: "grace", value: "DURATION", help: "a time" },
      { name: "quick", short: "q", help: "no value" },
    ],
  },
  { ...base, name: "keys", operands: "make | list [config.yml]", choices: ["make", "list"], maxOperands: 2, flags: [] },
  { ...base, name: "help", operands: "[command]", flags: [] },
];

/** The same, described for the scripts. */
export const someOffers: readonly OfferedCommand[] = describeCommands(someCommands);
