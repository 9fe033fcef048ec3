// registry trust
import { existsSync } from "node:fs";
import { join } from "node:path";
import { quoteStranger } from "../../lib/quoted.ts";
import { formatSubjectNames, listUncoveredNames } from "../../lib/subject-names.ts";
import { messageOf } from "../../lib/system-error.ts";
import { formatDay } from "../../tls/describe.ts";
import { type Command, CommandError, type CommandIo, type ParsedWords } from "../command.ts";
import { explainTrusted, explainUncoveredName, formatTrustNotes, warnAboutReplacement } from "./advice.ts";
import { applyStep, readText } from "./apply.ts";
import { type Authority, findAuthority } from "./authority.ts";
import { fetchServerCertificate } from "./fetch.ts";
import { detectClients, placeOf, type TrustMachine, type TrustPlace, trustClients } from "./places.ts";
import { findReplaced, formatStep, planRemoval, planTrust, type TrustStep } from "./plan.ts";
import { parseTrustRequest, type TrustRequest } from "./request.ts";
import type { TrustTarget } from "./target.ts";

/** What trust needs besides the network. */
export interface TrustDependencies {
  /** The root of every path; "/" except in tests. */
  readonly root: string;
  readonly isRoot: boolean;
  /** Runs a program to its end; an error text if it failed. */
  readonly run: (command: readonly string[]) => Promise<string | undefined>;
}

/** Makes the clients on this machine trust a registry's own CA. */
export const trustCommand: Command = {
  name: "trust",
  summary: "makes container clients on this machine trust a registry",
  operands: "<host[:port]>",
  maxOperands: 1,
  description: `Run it on a client machine, with the host as it stands in image names (no port means 443). It fetches the CA of the
registry from https://HOST:PORT/ca.crt, shows names and fingerprint, asks, and puts the CA where clients look for it.
Compare the fingerprint with the one that the registry printed when it started.

A registry with a certificate from elsewhere has no CA to hand out. Where that certificate is self-signed, it is offered
instead; where a CA of your own signed it, give the CA's certificate with --ca.

Without --for it serves docker, containerd and podman (with skopeo and buildah), whichever are installed. The system's
store, which curl, crane and most other programs read, makes every program trust the CA, so it has to be asked for.`,
  flags: [
    {
      name: "for",
      value: "CLIENT",
      isRepeatable: true,
      choices: trustClients,
      help: "docker, containerd, podman or system",
    },
    { name: "ca", value: "FILE", help: "the CA's certificate, where the registry does not hand it out" },
    {
      name: "fingerprint",
      value: "SHA256",
      help: "the expected fingerprint of the CA; nothing is asked if it matches",
    },
    { name: "yes", help: "trust whatever answers, without asking; does not replace a CA that was trusted before" },
    { name: "dry-run", help: "print what would be done, change nothing" },
    { name: "remove", help: "remove what an earlier run installed (for all clients, or those of --for)" },
  ],
  run: (words, io) => trust(words, io, thisMachine()),
};

/** The command's body, on a machine that is passed in. */
export async function trust(words: ParsedWords, io: CommandIo, dependencies: TrustDependencies): Promise<number> {
  const request = parseTrustRequest(words);
  const machine = describeMachine(io, dependencies);
  const read = (path: string) => readText(path, dependencies.root);
  if (request.isRemoval) {
    const places = listInstalledPlaces(request, machine);
    return await remove(request, planRemoval(places, read), { io, dependencies });
  }
  const places = choosePlaces(request, machine);
  const authority = await findAuthority(request.target, request.caPath);
  if (authority === undefined) {
    io.stdout(`${explainTrusted(request.target)}\n`);
    return 0;
  }
  checkFingerprint(request, authority);
  io.stdout(await describeServer(request.target, authority));
  const facts = { target: request.target, caPem: authority.pem, read };
  const replaced = findReplaced(places, facts);
  if (replaced.length > 0) io.stdout(warnAboutReplacement(replaced, authority.description, request.target));
  const steps = planTrust(places, facts);
  return await install({ ...request, places, authority, isReplacing: replaced.length > 0 }, steps, {
    io,
    dependencies,
  });
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

function checkFingerprint({ fingerprint, target }: TrustRequest, { description }: Authority): void {
  if (fingerprint === undefined || fingerprint === description.fingerprint.replaceAll(":", "").toLowerCase()) return;
  throw new CommandError(
    `the CA of ${target.authority} has another fingerprint, ${description.fingerprint}; nothing was changed. Compare it with what the registry prints when it starts`,
  );
}

async function describeServer(target: TrustTarget, { pem, description, isServerItself }: Authority): Promise<string> {
  const server = await fetchServerCertificate(target, { caPem: pem });
  if (listUncoveredNames([target.name], server.names).length > 0) {
    throw new CommandError(explainUncoveredName(server, target));
  }
  const until = `until ${formatDay(description.notAfterMs)}`;
  const rows = isServerItself
    ? [`signed by   itself, ${until}`, `SHA-256     ${description.fingerprint}`]
    : [`CA          ${quoteStranger(description.subject)}, ${until}`, `CA SHA-256  ${description.fingerprint}`];
  const lines = [`names       ${formatSubjectNames(server.names)}`, ...rows];
  return `https://${target.authority}\n${lines.map((line) => `  ${line}\n`).join("")}\n`;
}

interface Effects {
  readonly io: CommandIo;
  readonly dependencies: TrustDependencies;
}

interface Installation extends TrustRequest {
  readonly places: readonly TrustPlace[];
  readonly authority: Authority;
  /** Whether a client trusts another CA for this registry now. */
  readonly isReplacing: boolean;
}

async function install(
  request: Installation,
  steps: readonly TrustStep[],
  { io, dependencies }: Effects,
): Promise<number> {
  const { target, places, authority } = request;
  io.stdout(`For ${places.map(({ client }) => client).join(", ")}:\n${formatSteps(steps)}`);
  if (request.isDryRun) return 0;
  if (steps.some(isChange) && !(await isAgreed(request, io))) {
    throw new CommandError("nothing was changed");
  }
  const sudoCommand = `registry trust ${target.directoryName}${places.map(({ client }) => ` --for ${client}`).join("")} --fingerprint ${authority.description.fingerprint}`;
  for (const step of steps) await applyStep(step, { ...dependencies, sudoCommand });
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
  { io, dependencies }: Effects,
): Promise<number> {
  io.stdout(steps.length === 0 ? `nothing is installed for ${target.directoryName}\n` : formatSteps(steps));
  if (isDryRun) return 0;
  const sudoCommand = `registry trust ${target.directoryName} --remove`;
  for (const step of steps) await applyStep(step, { ...dependencies, sudoCommand });
  return 0;
}

async function isAgreed(request: Installation, io: CommandIo): Promise<boolean> {
  const { fingerprint, isAgreed: isYes, isReplacing, authority } = request;
  if (fingerprint !== undefined || (isYes && !isReplacing)) return true;
  if (io.isTerminal) {
    const what = authority.isServerItself ? "certificate" : "CA";
    const question = isReplacing ? `Trust the new ${what} in place of the old one?` : `Trust this ${what}?`;
    return /^y(es)?$/i.test((await io.ask(`${question} [y/N] `)).trim());
  }
  throw new CommandError(
    isReplacing
      ? "--yes does not replace a CA that was trusted before; compare the fingerprint with what the registry prints when it starts, and give it with --fingerprint"
      : "there is no terminal to ask on; compare the fingerprint and give it with --fingerprint, or give --yes",
  );
}

function isChange({ kind }: TrustStep): boolean {
  return kind === "write" || kind === "run";
}

function formatSteps(steps: readonly TrustStep[]): string {
  return steps.map((step) => `  ${formatStep(step)}\n`).join("");
}

function describeMachine({ env }: CommandIo, { root, isRoot }: TrustDependencies): TrustMachine {
  const { XDG_CONFIG_HOME: configHome, XDG_RUNTIME_DIR: runtimeDirectory, HOME: home } = env;
  return {
    isRoot,
    configHome: configHome || join(home || "/root", ".config"),
    runtimeDirectory,
    exists: (path) => existsSync(join(root, path)),
  };
}

function thisMachine(): TrustDependencies {
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
