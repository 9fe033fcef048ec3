// What a service will do, from the configuration that it will read: where it writes, and on which ports it listens.
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parseListenAddress } from "../../config/listen-address.ts";
import type { Configuration } from "../../config/schema.ts";
import { CommandError, type CommandIo, type ParsedWords } from "../command.ts";
import { loadFor } from "../load-for.ts";
import { explainHidden, type ServiceHome } from "./places.ts";
import { formatServing } from "./request.ts";
import { serviceAccount, stateDirectory, type UnitFacts } from "./unit.ts";
import { canStandInUnit } from "./unit-words.ts";

/** What is served, as the unit says it and as its clients find it. */
export interface ServiceFacts extends UnitFacts {
  readonly port: number;
  /** Where the data lies if that is no directory. */
  readonly bucket: string | undefined;
  /** The certificate of its own authority; undefined if there is none. */
  readonly authorityPath: string | undefined;
}

/** What the service is made of. */
export interface ServiceFactsOptions {
  readonly executable: string;
  /** Undefined for a service of the machine. */
  readonly home: ServiceHome | undefined;
  readonly io: CommandIo;
  /** Whether a path is a symbolic link. */
  readonly isLink: (path: string) => boolean;
}

/** Reads the configuration as the service will, without the variables of this process. */
export async function describeService(serving: ParsedWords, options: ServiceFactsOptions): Promise<ServiceFacts> {
  const { executable, home, io, isLink } = options;
  const words = withData(serving, home);
  const { configuration } = await loadFor(words, { ...io, env: {} });
  const { http } = configuration;
  const dataDirectory = findData(configuration, home);
  const command = [executable, ...formatServing(words)];
  for (const text of command) requireWord(text);
  if (executable.includes("$"))
    throw new CommandError(`systemd starts no executable with a $ in its path: ${executable}`);
  const otherDirectories = listOthers(configuration).filter((path) => !isBelow(path, dataDirectory));
  const [file] = words.positionals;
  if (home === undefined) {
    for (const path of [dataDirectory, ...otherDirectories]) requireReach(path, "choose another directory for it");
    if (file !== undefined)
      requireReach(
        file,
        `copy it to /etc/registry, readable to the user ${serviceAccount} but not to everybody if it has secrets`,
      );
  }
  const [port = 0, debugPort = 0] = [http.addr, http.debug.addr ?? ""].map((text) => parseListenAddress(text)?.port);
  return {
    isUser: home !== undefined,
    command,
    dataDirectory,
    isDataLinked: isLink(dataDirectory),
    otherDirectories,
    hasLowPort: [port, debugPort].some((each) => each > 0 && each < firstFreePort),
    drainTimeoutMs: http.draintimeout,
    port,
    bucket: configuration.storage.s3.isOn ? configuration.storage.s3.bucket : undefined,
    authorityPath: findAuthority(configuration, dataDirectory),
  };
}

const firstFreePort = 1024;

/** Without a file, the data directory is named: what would be the usual one depends on who serves. */
function withData(serving: ParsedWords, home: ServiceHome | undefined): ParsedWords {
  if (serving.positionals.length > 0 || serving.flags.data !== undefined) return serving;
  return { ...serving, flags: { ...serving.flags, data: [usualData(home)] } };
}

function usualData(home: ServiceHome | undefined): string {
  return home === undefined ? stateDirectory : join(home.dataHome, "registry");
}

function findData({ storage }: Configuration, home: ServiceHome | undefined): string {
  const { s3, filesystem } = storage;
  const configured = s3.isOn ? undefined : filesystem.rootdirectory;
  if (configured !== undefined && !isAbsolute(configured)) {
    throw new CommandError(
      `storage.filesystem.rootdirectory is ${configured}, and a service has no directory to find that in; write the whole path`,
    );
  }
  return requireWord(configured === undefined ? usualData(home) : resolve(configured));
}

/** Relative paths are below the working directory of the service, which is that of the data. */
function listOthers({ log, http, storage }: Configuration): readonly string[] {
  const paths = [
    ...(log.audit === undefined ? [] : [dirname(log.audit)]),
    http.tls.selfsigned.directory,
    storage.s3.scratch,
    storage.s3.cache.directory,
  ];
  const whole = [...new Set(paths.flatMap((path) => (path !== undefined && isAbsolute(path) ? [resolve(path)] : [])))];
  // The service makes what is below another one: there root does nothing, since the service could lead it elsewhere.
  return whole.filter((path) => !whole.some((other) => other !== path && isBelow(path, other)));
}

/** With a bucket, it lies in a directory that is named after that. */
function findAuthority({ http, storage }: Configuration, dataDirectory: string): string | undefined {
  const { selfsigned } = http.tls;
  if (!selfsigned.isOn || (storage.s3.isOn && selfsigned.directory === undefined)) return undefined;
  return join(resolve(dataDirectory, selfsigned.directory ?? "tls"), "ca.crt");
}

function isBelow(path: string, directory: string): boolean {
  return `${path}/`.startsWith(`${directory}/`);
}

function requireReach(path: string, advice: string): void {
  const why = explainHidden(path);
  if (why === undefined) return;
  throw new CommandError(
    `a service cannot reach ${path}: ${why}; ${advice}, or install for this user alone, with --user`,
  );
}

function requireWord(text: string): string {
  if (canStandInUnit(text)) return text;
  throw new CommandError(
    `${JSON.stringify(text)} cannot stand in a unit of systemd: it has control characters, or a space or backslash at its end`,
  );
}
