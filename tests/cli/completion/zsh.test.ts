import { expect, test } from "bun:test";
import { formatZsh } from "../../../src/cli/completion/zsh.ts";
import { someOffers } from "./commands.ts";

test.each([
  "'labour:does '\\''it'\\'': now [or later]'",
  "        work|labour)",
  "--data='[a directory]:data:_files -/'",
  "'(-f --file)'{-f,--file=}'[a file]:file:_files'",
  "\\*--kind='[\\[one\\] or\\: two]:kind:(one two)'",
  "--grace='[a time]:grace: '",
  "'(-q --quick)'{-q,--quick}'[no value]'",
  "'1: :(make list)' \\\n            '*: :_files'",
])("formatZsh() writes %p", (part) => {
  expect(formatZsh(someOffers)).toContain(part);
});
