// What an installation tells the person who asked for it.
import { showStranger } from "../../lib/quoted.ts";
import { describeCertificate } from "../../tls/describe.ts";
import type { CommandIo } from "../command.ts";
import { readMachineFile, type ServiceMachine } from "./machine.ts";
import type { ServiceRequest } from "./request.ts";
import type { ServiceFacts } from "./service-facts.ts";
import { readLog } from "./systemctl.ts";
import { serviceAccount } from "./unit.ts";

/** The lines of a unit that are gone, and those that are new. */
export function formatChanges(before: string | undefined, after: string): string {
  if (before === undefined) return "";
  const [old, now] = [before, after].map((text) => text.split("\n").filter((line) => line !== ""));
  const gone = old?.filter((line) => !now?.includes(line)).map((line) => `  - ${showStranger(line, maxShown)}\n`) ?? [];
  const fresh =
    now?.filter((line) => !old?.includes(line)).map((line) => `  + ${showStranger(line, maxShown)}\n`) ?? [];
  return [...gone, ...fresh].join("");
}

/** The variables of this process that would have configured `registry serve`, but no service. */
export function listIgnoredVariables(env: CommandIo["env"], { isUser }: ServiceRequest): readonly string[] {
  const names = Object.keys(env).filter((name) => name.startsWith("REGISTRY_") && env[name] !== "");
  if (names.length === 0) return [];
  const edit = isUser ? "systemctl --user edit registry" : "sudo systemctl edit registry";
  return [
    `the service does not get ${names.join(", ")} of this shell: set them with \`${edit}\`, as Environment=, or secrets in a file for EnvironmentFile=, since everybody can read Environment=`,
  ];
}

/** A start that has failed. */
interface FailedStart {
  readonly request: ServiceRequest;
  readonly machine: ServiceMachine;
  readonly io: CommandIo;
  readonly sinceMs: number;
}

const maxShown = 500;

/** What is wrong with a service that does not start; its last words are shown first. */
export async function explainFailure(problem: string, { request, machine, io, sinceMs }: FailedStart): Promise<string> {
  const log = await readLog(machine, { ...request, sinceMs });
  for (const line of log.split("\n").filter((each) => each !== "")) io.stderr(`  ${showStranger(line, maxShown)}\n`);
  const [first = ""] = problem.trim().split("\n");
  return `the service is installed, but does not start${log === "" ? `: ${first}` : "; its log is above"}. systemd tries again every 5 s, so mend the cause, or take it away with \`registry service uninstall${request.isUser ? " --user" : ""}\``;
}

/** What to type next. */
export async function formatInstalled(
  { isUser }: ServiceRequest,
  served: ServiceFacts,
  machine: ServiceMachine,
): Promise<string> {
  const [sudo, flag] = isUser ? ["", " --user"] : ["sudo ", ""];
  const rows = [
    ["status", `systemctl${flag} status registry`],
    ["log", isUser ? "journalctl --user-unit=registry -f" : "sudo journalctl -u registry -f"],
    ["data", served.bucket === undefined ? served.dataDirectory : `the bucket ${served.bucket}`],
    ...describeAuthority(served, machine),
    ["settings", `${sudo}systemctl${flag} edit registry, then ${sudo}systemctl${flag} restart registry`],
    ["remove", `${sudo}registry service uninstall${flag}`],
  ];
  const account = isUser ? "as this user" : `as the user ${serviceAccount}`;
  const begins = isUser ? await describeBegin(machine) : "it starts with the machine";
  const lines = rows.map(([label = "", text = ""]) => `  ${label.padEnd(labelColumns)}${text}\n`);
  return `\nThe registry serves port ${served.port} ${account}; ${begins}.\n\n${lines.join("")}`;
}

const labelColumns = 10;

/** A user's services run while the user is logged in, unless they may linger. */
async function describeBegin(machine: ServiceMachine): Promise<string> {
  const { stdout } = await machine.run(["loginctl", "show-user", String(machine.uid), "--property=Linger", "--value"]);
  if (stdout.trim() === "yes") return "it starts with the machine";
  return "it ends with this user's last session, unless you type `sudo loginctl enable-linger $(id -un)`";
}

function describeAuthority(
  { authorityPath, port }: ServiceFacts,
  machine: ServiceMachine,
): readonly (readonly string[])[] {
  if (authorityPath === undefined) return [];
  const description = describeCertificate(readMachineFile(machine, authorityPath) ?? "");
  return [
    ["CA", authorityPath],
    ...(description === undefined ? [] : [["SHA-256", description.fingerprint]]),
    ["clients", `sudo registry trust ${machine.hostName}:${port}`],
  ];
}
