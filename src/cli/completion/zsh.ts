// Completions for zsh, to be sourced or put into a directory of $fpath as _registry.
import type { Offer, OfferedCommand, OfferedFlag } from "./offered.ts";

/** The script. */
export function formatZsh(commands: readonly OfferedCommand[]): string {
  const listed = commands.flatMap(({ names, summary }) => names.map((name) => quote(`${name}:${summary}`)));
  return `#compdef registry
_registry() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  local -a commands=(
${listed.map((each) => `    ${each}`).join("\n")}
  )
  _arguments -C '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $words[1] in
${commands.map(formatCommand).join("\n")}
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = "_registry" ]; then _registry "$@"; else compdef _registry registry; fi
`;
}

function formatCommand({ names, flags, first, rest }: OfferedCommand): string {
  const specs = [...flags.map(formatFlag), quote(`1: :${actionFor(first)}`), quote(`*: :${actionFor(rest)}`)];
  return `        ${names.join("|")})\n          _arguments -s ${specs.join(" \\\n            ")} ;;`;
}

/** As _arguments wants it: '(-d --data)'{-d,--data}'[help]:value:action'. */
function formatFlag({ name, short, help, isRepeatable, value }: OfferedFlag): string {
  // With "=", the value may follow it or stand by itself.
  const long = value === undefined ? `--${name}` : `--${name}=`;
  const spelled = short === undefined ? [long] : [`-${short}`, long];
  const takes = value === undefined ? "" : `:${name}:${actionFor(value)}`;
  const rest = quote(`[${help.replaceAll(/[\\[\]:]/g, "\\$&")}]${takes}`);
  if (isRepeatable) return spelled.map((each) => `\\*${each}${rest}`).join(" ");
  return spelled.length === 1
    ? `${spelled.join()}${rest}`
    : `${quote(`(-${short} --${name})`)}{${spelled.join(",")}}${rest}`;
}

function actionFor(offer: Offer): string {
  switch (offer.kind) {
    case "words":
      return `(${offer.words.join(" ")})`;
    case "file":
      return "_files";
    case "directory":
      return "_files -/";
    case "text":
      return " ";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
