// registry trust
import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatSubjectNames, listUncoveredNames } from "../lib/subject-names.ts";
import { messageOf } from "../lib/system-error.ts";
import { formatDay } from "../tls/describe.ts";
import { type Command, CommandError, type CommandIo, type ParsedWords } from "./command.ts";
import { explainUncoveredName, formatTrustNotes } from "./trust-advice.ts";
import { applyStep, readText } from "./trust-apply.ts";
import { type FetchedAuthority, fetchAuthority, fetchServerCertificate } from "./trust-fetch.ts";
import { detectClients, placeOf, type TrustMachine, type TrustPlace, trustClients } from "./trust-places.ts";
import { formatStep, planRemoval, planTrust, type TrustStep } from "./trust-plan.ts";
import { parseTrustRequest, type TrustRequest } from "./trust-request.ts";
import type { TrustTarget } from "./trust-target.ts";

/** What trust may touch beside the network. */
export interface TrustSurroundings {
  /** What stands before every path; "/" but in tests. */
  readonly root: string;
  readonly isRoot: boolean;
  /** Runs a program to its end; an error text when it failed. */
  readonly run: (command: readonly string[]) => Promise<string | undefined>;
}

/** Makes the clients on this machine trust a registry's own CA. */
export const trustCommand: Command = {
  name: "trust",
  summary: "makes docker and its kind on this machine trust a registry",
  operands: "<host[:port]>",
  maxOperands: 1,
  description: `Run it on a client machine, with the host as it stands in image names (no port means 443). It fetches the CA of the
registry from https://HOST:PORT/ca.crt, shows names and fingerprint, asks, and puts the CA where clients look for it.
Compare the fingerprint with the one that the registry printed when it started.

Without --for it serves docker, containerd and podman (with skopeo and buildah), whichever are installed. The system's
store, which curl, crane and most other programs read, makes every program trust the CA, so it has to be asked for.`,
  flags: [
    { name: "for", value: "CLIENT", isRepeatable: true, help: "docker, containerd, podman or system" },
    { name: "fingerprint", value: "SHA256", help: "the CA's fingerprint; asks nothing when it is the one" },
    { name: "yes", help: "trust whatever answers, without asking" },
    { name: "dry-run", help: "print what would be done, change nothing" },
    { name: "remove", help: "take away what an earlier run installed (for all clients, or those of --for)" },
  ],
  run: (words, io) => trust(words, io, thisMachine()),
};

/** The command's body, on a machine that is passed in. */
export async function trust(words: ParsedWords, io: CommandIo, surroundings: TrustSurroundings): Promise<number> {
  const request = parseTrustRequest(words);
  const machine = describeMachine(io, surroundings);
  const read = (path: string) => readText(path, surroundings.root);
  if (request.isRemoval) {
    const places = listInstalledPlaces(request, machine);
    return await remove(request, planRemoval(places, read), { io, surroundings });
  }
  const places = choosePlaces(request, machine);
  const authority = await fetchAuthority(request.target);
  checkFingerprint(request, authority);
  io.stdout(await describeServer(request.target, authority));
  const steps = planTrust(places, { target: request.target, caPem: authority.pem, read });
  return await install({ ...request, places, authority }, steps, { io, surroundings });
}

function choosePlaces({ clients, target }: TrustRequest, machine: TrustMachine): TrustPlace[] {
  const chosen = clients ?? detectClients(machine);
  if (chosen.length === 0) {
    throw new CommandError(
      "neither docker, containerd nor podman was found on this machine; say what to set up with --for",
    );
  }
  return chosen.map((client) => {
    const place = placeOf(client, target, machine);
    if (place !== undefined) return place;
    throw new CommandError(
      "this system's certificate store is not one we know; install the package ca-certificates, or add the CA by hand",
    );
  });
}

/** Every place where an earlier run may have put something: as this user, or with sudo. */
function listInstalledPlaces({ clients = trustClients, target }: TrustRequest, machine: TrustMachine): TrustPlace[] {
  const places = [machine, { ...machine, isRoot: true }].flatMap((as) =>
    clients.flatMap((client) => placeOf(client, target, as) ?? []),
  );
  return [...new Map(places.map((place) => [place.authorityPath, place])).values()];
}

function checkFingerprint({ fingerprint, target }: TrustRequest, { description }: FetchedAuthority): void {
  if (fingerprint === undefined || fingerprint === description.fingerprint.replaceAll(":", "").toLowerCase()) return;
  throw new CommandError(
    `the CA of ${target.authority} has another fingerprint, ${description.fingerprint}; nothing was changed. Compare it with what the registry prints when it starts`,
  );
}

async function describeServer(target: TrustTarget, { pem, description }: FetchedAuthority): Promise<string> {
  const server = await fetchServerCertificate(target, { caPem: pem });
  if (listUncoveredNames([target.name], server.names).length > 0) {
    throw new CommandError(explainUncoveredName(server.names, target));
  }
  return `${[
    `https://${target.authority}`,
    `  names       ${formatSubjectNames(server.names)}`,
    `  CA          ${description.subject}, until ${formatDay(description.notAfterMs)}`,
    `  CA SHA-256  ${description.fingerprint}`,
  ].join("\n")}\n\n`;
}

interface Effects {
  readonly io: CommandIo;
  readonly surroundings: TrustSurroundings;
}

async function install(
  request: TrustRequest & { readonly places: readonly TrustPlace[]; readonly authority: FetchedAuthority },
  steps: readonly TrustStep[],
  { io, surroundings }: Effects,
): Promise<number> {
  const { target, places, authority } = request;
  io.stdout(`For ${places.map(({ client }) => client).join(", ")}:\n${formatSteps(steps)}`);
  if (request.isDryRun) return 0;
  if (steps.some(isChange) && !(await isAgreed(request, io))) {
    throw new CommandError("nothing was changed");
  }
  const sudoCommand = `registry trust ${target.directoryName}${places.map(({ client }) => ` --for ${client}`).join("")} --fingerprint ${authority.description.fingerprint}`;
  for (const step of steps) await applyStep(step, { ...surroundings, sudoCommand });
  const refused = steps.filter(({ kind }) => kind === "refuse");
  if (refused.length > 0) throw new CommandError(refused.map(formatStep).join("\n"));
  const notes = formatTrustNotes(
    target,
    places.map(({ client }) => client),
  );
  io.stdout(`\n${notes.map((note) => `${note}\n`).join("")}`);
  return 0;
}

async function remove(
  { target, isDryRun }: TrustRequest,
  steps: readonly TrustStep[],
  { io, surroundings }: Effects,
): Promise<number> {
  io.stdout(steps.length === 0 ? `nothing is installed for ${target.directoryName}\n` : formatSteps(steps));
  if (isDryRun) return 0;
  const sudoCommand = `registry trust ${target.directoryName} --remove`;
  for (const step of steps) await applyStep(step, { ...surroundings, sudoCommand });
  return 0;
}

async function isAgreed({ fingerprint, isAgreed: isYes }: TrustRequest, io: CommandIo): Promise<boolean> {
  if (isYes || fingerprint !== undefined) return true;
  if (io.isTerminal) return /^y(es)?$/i.test((await io.ask("Trust this CA? [y/N] ")).trim());
  throw new CommandError(
    "there is no terminal to ask on; compare the fingerprint and give it with --fingerprint, or give --yes",
  );
}

function isChange({ kind }: TrustStep): boolean {
  return kind === "write" || kind === "run";
}

function formatSteps(steps: readonly TrustStep[]): string {
  return steps.map((step) => `  ${formatStep(step)}\n`).join("");
}

function describeMachine({ env }: CommandIo, { root, isRoot }: TrustSurroundings): TrustMachine {
  const { XDG_CONFIG_HOME: configHome, XDG_RUNTIME_DIR: runtimeDirectory, HOME: home } = env;
  return {
    isRoot,
    configHome: configHome || join(home || "/root", ".config"),
    runtimeDirectory,
    exists: (path) => existsSync(join(root, path)),
  };
}

function thisMachine(): TrustSurroundings {
  return { root: "/", isRoot: process.getuid?.() === 0, run };
}

async function run(command: readonly string[]): Promise<string | undefined> {
  try {
    const child = Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    const [errors, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    return exitCode === 0 ? undefined : errors.trim() || `exit code ${exitCode}`;
  } catch (error) {
    return messageOf(error);
  }
}
