import { expect, test } from "bun:test";
import { formatFish } from "../../../src/cli/completion/fish.ts";
import { someOffers } from "./commands.ts";

test.each([
  "-a 'labour' -d 'does \\'it\\': now [or later]'",
  "complete -c registry -n '__registry_operands 0 work labour' -l data -d 'a directory' -x -a '(__fish_complete_directories (commandline -ct))'",
  "-l file -s f -d 'a file' -r -F",
  "-l kind -d '[one] or: two' -x -a 'one two'",
  "-l grace -d 'a time' -x\n",
  "-l quick -s q -d 'no value'\n",
  "complete -c registry -n '__registry_first work labour' -F",
  "complete -c registry -n '__registry_first keys' -a 'make list'",
  "complete -c registry -n '__registry_operands 1 keys' -F",
])("formatFish() writes %p", (part) => {
  expect(formatFish(someOffers)).toContain(part);
});
