// Opens the audit log that is configured, and says how deeds become its lines.
import { existsSync, readFileSync } from "node:fs";
import { appendFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Login } from "../../http/door.ts";
import { messageOf } from "../../lib/system-error.ts";
import { type AuditEntry, AuditLog } from "../../log/audit-log.ts";
import type { Logger } from "../../log/logger.ts";
import { type RegistryEvent, withEvents } from "../../registry/events.ts";
import type { Registry } from "../../registry/registry.ts";
import { privateFileMode } from "../../storage/private-places.ts";
import { StartError } from "../start-error.ts";
import { becomeOwnerOf } from "../store/store-owner.ts";

/** What the audit log needs from the process. */
export interface AuditDependencies {
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
}

/** The audit log at `stdout` or in a file; throws a StartError if the file cannot be written. */
export async function openAudit(
  target: string | undefined,
  { logger, now, print }: AuditDependencies,
): Promise<AuditLog | undefined> {
  if (target === undefined) return undefined;
  const isFile = target !== "stdout";
  if (isFile) await probe(target);
  return new AuditLog({
    // Opened for each write, a file that was moved away by log rotation is followed by a new one.
    append: isFile ? (text) => append(target, text) : async (text) => print(text),
    now,
    onFailure: (error) => logger.error("the audit log cannot be written", { error: messageOf(error) }),
  });
}

async function append(path: string, text: string): Promise<void> {
  await appendFile(path, text, { mode: privateFileMode });
}

async function probe(path: string): Promise<void> {
  try {
    // A pipe would hold every push until it is read.
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && !found.isFile()) throw new Error(`${path} is not a regular file`);
    await append(path, "");
  } catch (error) {
    throw new StartError(`log.audit: the audit log cannot be written: ${messageOf(error)}`);
  }
}

const users = "/etc/passwd";

/** Records what a command on this machine has done, by the user of the system who ran it. */
export async function recordCommand(
  target: string | undefined,
  entry: AuditEntry,
  { now, warn }: { readonly now: () => number; readonly warn: (warning: string) => void },
): Promise<void> {
  // Standard output is the command's own.
  if (target === undefined || target === "stdout") return;
  becomeOwnerOf(dirname(target));
  const onFailure = (error: unknown) => warn(`the audit log cannot be written: ${messageOf(error)}`);
  const log = new AuditLog({ append: (text) => append(target, text), now, onFailure });
  await log.record({ ...entry, by: systemUser() });
}

/** The name in /etc/passwd, else the number: not os.userInfo(), which in Bun believes the variable USER. */
function systemUser(): string {
  const uid = String(process.getuid?.() ?? "");
  const entries = existsSync(users) ? readFileSync(users, "utf8").split("\n") : [];
  return entries.map((entry) => entry.split(":")).find(([, , id]) => id === uid)?.[0] ?? uid;
}

/** The same registry, whose log tells what was changed. */
export function withAudit(registry: Registry, log: AuditLog | undefined): Registry {
  if (log === undefined) return registry;
  return withEvents(registry, async (event) => {
    const entry = describeEvent(event);
    if (entry !== undefined) await log.record(entry);
  });
}

/** Records logins; undefined without an audit log. */
export function noteLoginIn(log: AuditLog | undefined): ((login: Login) => Promise<void>) | undefined {
  if (log === undefined) return undefined;
  return ({ name, remote, problem }) =>
    log.record({ event: problem === undefined ? "login" : "login failed", user: name, remote, problem });
}

/** The line that tells what was done; undefined for what is not recorded. */
function describeEvent({ actor, repository, deed }: RegistryEvent): AuditEntry | undefined {
  const entry = describeDeed(deed);
  if (entry === undefined) return undefined;
  const who = { user: actor.name, remote: actor.remote, request: actor.requestId };
  return { event: deed.kind, ...who, repository, ...entry };
}

/** Blobs are recorded only when they are deleted: none can be pulled before a manifest names it. */
function describeDeed(deed: RegistryEvent["deed"]): AuditEntry | undefined {
  switch (deed.kind) {
    case "manifest pushed": {
      const { digest, mediaType, sizeBytes, tags } = deed;
      const moved = tags.filter(({ previous }) => previous !== undefined && previous !== digest);
      return {
        digest,
        mediaType,
        sizeBytes,
        tags: tags.map(({ tag }) => tag),
        moved: moved.length === 0 ? undefined : moved.map(({ tag, previous }) => `${tag} from ${previous}`),
      };
    }
    case "manifest deleted":
      return { digest: deed.digest, tags: deed.tags };
    case "tag deleted":
      return { digest: deed.digest, tags: [deed.tag] };
    case "blob deleted":
      return { digest: deed.digest };
    case "blob pushed":
    case "blob mounted":
    case "blob pulled":
    case "manifest pulled":
      return undefined;
  }
}
