// Completions in the real shells: what each of them offers for the beginning of a line.
import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable } from "../../e2e/executable.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

/** What a shell offers, in a directory with these files. */
type Complete = (line: string, script: string, directory: string) => readonly string[];

function run(command: readonly string[], cwd: string): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...command], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, TERM: "dumb" },
  });
  if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode}: ${stderr}`);
  return stdout.toString();
}

const bash: Complete = (line, script, directory) => {
  // As readline splits a line: "=" and ":" stand alone.
  const words = line.split(/ |(?==)|(?<==)/);
  const call = `source ${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _registry; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run(["bash", "--noprofile", "--norc", "-c", call], directory).split("\n");
};

const fish: Complete = (line, script, directory) =>
  run(["fish", "--no-config", "-c", `source ${script}; complete -C '${line}'`], directory)
    .split("\n")
    .map((each) => (each.split("\t")[0] ?? "").replace(/^--[a-z-]+=/, ""));

/** What zsh knows of its own completions takes seconds to find. */
const dump = temporaryDirectory();
afterAll(() => dump[Symbol.dispose]());

/** zsh completes only in a terminal: one is made, and what would be inserted is caught. */
const zsh: Complete = (line, script, directory) => {
  const program = `
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell 'PS1= PROMPT= RPROMPT=; autoload -Uz compinit; compinit -u -d ${dump.path}/dump; source ${script}'
zpty -w shell 'compadd() { local -a found; builtin compadd -O found "$@"; print -rl -- "\${(@)found/#/@}" >>${directory}/.found; builtin compadd "$@" }'
zpty -w shell 'zstyle ":completion:*" completer _complete; finish() { zle complete-word; print >${directory}/.done }; zle -N finish; bindkey "^X" finish; : >${directory}/.found; print >${directory}/.ready'
while [[ ! -e ${directory}/.ready ]]; do zpty -r shell ignored; done 2>/dev/null
zpty -w -n shell ${JSON.stringify(line)}$'\\x18'
while [[ ! -e ${directory}/.done ]]; do zpty -r shell ignored; done 2>/dev/null
zpty -d shell`;
  run(["timeout", "20", "zsh", "-f", "-c", program], directory);
  const found = run(["cat", join(directory, ".found")], directory);
  return found.split("\n").flatMap((each) => (each.startsWith("@") ? [each.slice(1)] : []));
};

describe.each([
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish],
] as const)("%s", (shell, complete) => {
  const offered = (line: string): readonly string[] => {
    using directory = temporaryDirectory();
    const script = join(directory.path, ".script");
    writeFileSync(script, run([executable, "completion", shell], directory.path));
    writeFileSync(join(directory.path, "store.yml"), "");
    return [...new Set(complete(line, script, directory.path))].filter((each) => each !== "").sort();
  };

  test.each([
    ["registry ver", ["verify", "version"]],
    ["registry gc --d", ["--data", "--delete-untagged", "--dry-run"]],
    ["registry garbage-collect --off", ["--offline"]],
    ["registry gencert --key ", ["ecdsa", "rsa4096"]],
    ["registry gencert --key=", ["ecdsa", "rsa4096"]],
    ["registry serve --log-level w", ["warn"]],
    ["registry trust --for p", ["podman"]],
    ["registry token ", ["create", "list", "revoke"]],
    ["registry completion ", ["bash", "fish", "zsh"]],
    ["registry help comp", ["completion"]],
    ["registry gc st", ["store.yml"]],
    ["registry gc --data x st", ["store.yml"]],
    ["registry passwd alice st", ["store.yml"]],
    ["registry gc --grace ", []],
    ["registry version ", []],
  ])("%s", (line, want) => {
    expect(offered(line)).toEqual(want);
  });
});
