import { expect, test } from "bun:test";
import { formatBash } from "../../../src/cli/completion/bash.ts";
import { someOffers } from "./commands.ts";

test.each([
  "compgen -W $'work\\nlabour\\nkeys\\nhelp' -- \"$cur\"",
  'case "$last" in --data|--file|--kind|--grace) last=""; continue ;; esac',
  "    work|labour)",
  '        --file|-f) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;;',
  '        --data) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")); return ;;',
  "        --kind) COMPREPLY=($(compgen -W $'one\\ntwo' -- \"$cur\")); return ;;",
  "        --grace) :; return ;;",
  "compgen -W $'--data\\n--file\\n-f\\n--kind\\n--grace\\n--quick\\n-q\\n--help\\n-h'",
])("formatBash() writes %p", (part) => {
  expect(formatBash(someOffers)).toContain(part);
});
