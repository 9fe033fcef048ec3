// Completions for bash, from version 3.2 (which macOS has) on.
import { listValued, type Offer, type OfferedCommand, type OfferedFlag } from "./offered.ts";

/** The script. */
export function formatBash(commands: readonly OfferedCommand[]): string {
  return `# bash completion for registry
_registry() {
  local IFS=$'\\n' cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" last="" place=0 word
  COMPREPLY=()
  # Readline splits --flag=value.
  if [ "$cur" = "=" ]; then cur=""; elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoteList(commands.flatMap(({ names }) => names))} -- "$cur"))
    return
  fi
  for word in "\${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
    case "$last" in ${listValued(commands).join("|")}) last=""; continue ;; esac
    case "$word" in -*|=) ;; *) place=$((place + 1)) ;; esac
    last="$word"
  done
  case "\${COMP_WORDS[1]}" in
${commands.map(formatCommand).join("\n")}
  esac
}
complete -F _registry registry
`;
}

function formatCommand({ names, flags, first, rest }: OfferedCommand): string {
  const spelled = flags.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]);
  return `    ${names.join("|")})
      case "$prev" in
${flags
  .filter(({ value }) => value !== undefined)
  .map(formatFlag)
  .join("\n")}
      esac
      case "$cur" in
        -*) COMPREPLY=($(compgen -W ${quoteList(spelled)} -- "$cur")); return ;;
      esac
      if [ "$place" -eq 0 ]; then ${formatOffer(first)}; else ${formatOffer(rest)}; fi
      ;;`;
}

function formatFlag({ name, short, value = { kind: "text" } }: OfferedFlag): string {
  const spelled = short === undefined ? `--${name}` : `--${name}|-${short}`;
  return `        ${spelled}) ${formatOffer(value)}; return ;;`;
}

function formatOffer(offer: Offer): string {
  switch (offer.kind) {
    case "words":
      return `COMPREPLY=($(compgen -W ${quoteList(offer.words)} -- "$cur"))`;
    case "file":
      return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))';
    case "directory":
      return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur"))';
    case "text":
      return ":";
  }
}

/** Words, one a line, as bash's IFS is set above. */
function quoteList(words: readonly string[]): string {
  return `$'${words.map((word) => word.replaceAll(/[\\']/g, "\\$&")).join("\\n")}'`;
}
