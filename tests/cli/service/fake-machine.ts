// A machine below a directory, with a service manager that starts what the unit says.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommandError, parseWords, UsageError } from "../../../src/cli/command.ts";
import type { ProgramResult, ServiceMachine } from "../../../src/cli/service/machine.ts";
import { runService, serviceCommand } from "../../../src/cli/service/service.ts";
import { readCommand } from "../../../src/cli/service/unit.ts";
import { fakeIo } from "../fake-io.ts";

/** What differs from a machine on which nothing is installed, and root types. */
export interface FakeMachineOptions {
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** How commands end that begin like this; the others do what they should. */
  readonly results?: Readonly<Record<string, Partial<ProgramResult>>>;
}

/** The unit of the machine's service. */
export const unitFile = "etc/systemd/system/registry.service";

/** A machine that systemd runs, below an empty directory. */
export function fakeMachine(root: string, { uid = 0, env = {}, results = {} }: FakeMachineOptions = {}) {
  const place = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const commands: string[] = [];
  const account = { isThere: false };
  const unit = env.HOME === undefined ? unitFile : `${env.HOME}/.config/systemd/user/registry.service`;
  const process1 = join(root, "proc/7");
  const done = (stdout = ""): ProgramResult => ({ code: 0, stdout, stderr: "" });

  const start = () => {
    const [executable = "", ...words] = readCommand(read(unit)) ?? [];
    rmSync(process1, { recursive: true, force: true });
    place("proc/7/cmdline", [executable, ...words, ""].join("\0"));
    symlinkSync(join(root, executable), join(process1, "exe"));
    return done();
  };
  const carryOut = (text: string): ProgramResult => {
    if (/ show registry/.test(text)) return done(`FragmentPath=\nMainPID=${isRunning() ? 7 : 0}\n`);
    if (/ (?:re)?start /.test(text)) return start();
    if (/ disable --now /.test(text)) rmSync(process1, { recursive: true });
    if (text.startsWith("useradd")) account.isThere = true;
    if (!text.startsWith("getent")) return done();
    const [own, group] = [process.getuid?.(), process.getgid?.()];
    return account.isThere ? done(`registry:x:${own}:${group}::/:/bin/false\n`) : { ...done(), code: 2 };
  };
  const isRunning = () => {
    try {
      return read("proc/7/cmdline") !== "";
    } catch {
      return false;
    }
  };

  mkdirSync(join(root, "run/systemd/system"), { recursive: true });
  place("download/registry", "the executable");
  const machine: ServiceMachine = {
    root,
    uid,
    hostName: "box",
    workingDirectory: "/work",
    executable: join(root, "download/registry"),
    run: async (command) => {
      const text = command.join(" ");
      commands.push(text);
      const [, result] = Object.entries(results).find(([beginning]) => text.startsWith(beginning)) ?? [];
      return result === undefined ? carryOut(text) : { ...done(), ...result };
    },
  };
  /** Types the command; the exit code, what it printed, and its error. */
  const service = async (...words: readonly string[]) => {
    const io = fakeIo({ env });
    try {
      const code = await runService(parseWords(serviceCommand, words), io, machine);
      return { code, output: io.output(), errors: io.errors() };
    } catch (error) {
      if (!(error instanceof CommandError) && !(error instanceof UsageError)) throw error;
      return { code: error instanceof UsageError ? 64 : 1, output: io.output(), errors: io.errors() + error.message };
    }
  };
  return { machine, service, place, read, commands };
}
