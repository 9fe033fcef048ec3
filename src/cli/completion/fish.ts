// Completions for fish.
import { listValued, type Offer, type OfferedCommand, type OfferedFlag } from "./offered.ts";

/** The script. */
export function formatFish(commands: readonly OfferedCommand[]): string {
  return `# fish completion for registry
function __registry_operands
    # How many operands there are after the command, or a failure if the command is none of these.
    set -l words (commandline -opc)
    test (count $words) -ge 2; and contains -- $words[2] $argv[2..-1]; or return 1
    set -l place 0
    set -l last ''
    for word in $words[3..-1]
        if contains -- $last ${listValued(commands).join(" ")}
            set last ''
            continue
        end
        string match -q -- '-*' $word; or set place (math $place + 1)
        set last $word
    end
    test $place -ge $argv[1]
end
function __registry_first
    __registry_operands 0 $argv; and not __registry_operands 1 $argv
end
complete -c registry -f
${commands.map(formatCommand).join("")}`;
}

function formatCommand({ names, summary, flags, first, rest }: OfferedCommand): string {
  const all = names.join(" ");
  const lines = [
    ...names.map((name) => `-n 'test (count (commandline -opc)) -eq 1' -a ${quote(name)} -d ${quote(summary)}`),
    ...flags.map((flag) => `-n ${quote(`__registry_operands 0 ${all}`)} ${formatFlag(flag)}`),
    ...formatOperand(`__registry_first ${all}`, first),
    ...formatOperand(`__registry_operands 1 ${all}`, rest),
  ];
  return lines.map((line) => `complete -c registry ${line}\n`).join("");
}

function formatFlag({ name, short, help, value }: OfferedFlag): string {
  const spelled = short === undefined ? `-l ${name}` : `-l ${name} -s ${short}`;
  return `${spelled} -d ${quote(help)}${value === undefined ? "" : ` ${formatValue(value)}`}`;
}

function formatValue(offer: Offer): string {
  switch (offer.kind) {
    case "words":
      return `-x -a ${quote(offer.words.join(" "))}`;
    case "file":
      return "-r -F";
    case "directory":
      return `-x -a ${quote("(__fish_complete_directories (commandline -ct))")}`;
    case "text":
      return "-x";
  }
}

function formatOperand(condition: string, offer: Offer): readonly string[] {
  if (offer.kind === "text") return [];
  return [`-n ${quote(condition)} ${offer.kind === "words" ? `-a ${quote(offer.words.join(" "))}` : "-F"}`];
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}
