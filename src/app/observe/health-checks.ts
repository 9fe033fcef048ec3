// The checks of the section `health`, each repeated by itself. One that takes too long has failed.
import { access } from "node:fs/promises";
import { connect } from "node:net";
import { parseListenAddress } from "../../config/listen-address.ts";
import type { Configuration } from "../../config/schema.ts";
import type { Health } from "../../http/health.ts";
import { errorCode, messageOf } from "../../lib/system-error.ts";
import type { Logger } from "../../log/logger.ts";
import { repeat } from "../timer.ts";

/** What the checks work with. */
export interface HealthCheckDependencies {
  readonly health: Pick<Health, "note">;
  /** Throws if the store cannot be reached. */
  readonly checkStore: () => Promise<void>;
  readonly logger: Logger;
}

interface Check {
  /** As distribution calls it. */
  readonly name: string;
  readonly intervalMs: number;
  /** How many failures in a row count as one. */
  readonly threshold: number;
  readonly timeoutMs: number;
  /** What is wrong; undefined: nothing. Whatever it throws is wrong too. */
  readonly look: (signal: AbortSignal) => Promise<string | undefined>;
}

/** How long a look at the disk may take. */
const diskTimeoutMs = 10_000;

/** Starts the configured checks; the first of each comes after one interval, as in distribution. */
export function startHealthChecks(
  section: Configuration["health"],
  dependencies: HealthCheckDependencies,
): readonly Disposable[] {
  return listChecks(section, dependencies.checkStore).map((check) => {
    const { intervalMs } = check;
    const report = () => undefined;
    return repeat(repeatedly(check, dependencies), { firstMs: intervalMs, intervalMs, report });
  });
}

function listChecks(
  { storagedriver, file, http, tcp }: Configuration["health"],
  checkStore: () => Promise<void>,
): Check[] {
  const lookAtStore = () => checkStore().then(() => undefined);
  const store = checkOf("storagedriver_filesystem", storagedriver, lookAtStore);
  return [
    ...(storagedriver.enabled ? [store] : []),
    ...file.map((each) => checkOf(each.file, each, () => lookForFile(each.file))),
    ...http.map((each) => checkOf(each.uri, each, (signal) => lookAtUrl(each, signal))),
    ...tcp.map((each) => checkOf(each.addr, each, (signal) => lookAtAddress(each.addr, signal))),
  ];
}

interface Pacing {
  readonly interval: number;
  readonly threshold: number;
  /** Absent: it is a look at the disk. */
  readonly timeout?: number;
}

function checkOf(name: string, { interval, threshold, timeout = diskTimeoutMs }: Pacing, look: Check["look"]): Check {
  return { name, intervalMs: interval, threshold, timeoutMs: timeout, look };
}

/** One round of a check; a change is noted and logged once. */
function repeatedly(check: Check, { health, logger }: HealthCheckDependencies): () => Promise<void> {
  const { name, threshold } = check;
  let failures = 0;
  let isNoted = false;
  return async () => {
    const problem = await lookInTime(check);
    failures = problem === undefined ? 0 : failures + 1;
    const isWrong = problem !== undefined && failures >= threshold;
    health.note(name, isWrong ? problem : undefined);
    if (isWrong && !isNoted)
      logger.error("a health check fails; requests are answered with 503", { check: name, problem });
    if (!isWrong && isNoted) logger.info("a health check passes again", { check: name });
    isNoted = isWrong;
  };
}

async function lookInTime({ look, timeoutMs }: Check): Promise<string | undefined> {
  const controller = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => {
    resolve(`no answer within ${timeoutMs} ms`);
    controller.abort();
  }, timeoutMs);
  const looked = look(controller.signal).catch((error: unknown) => messageOf(error));
  try {
    return await Promise.race([looked, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function lookForFile(path: string): Promise<string | undefined> {
  try {
    await access(path);
    return "file exists";
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

type UrlCheck = Configuration["health"]["http"][number];

async function lookAtUrl({ uri, ...check }: UrlCheck, signal: AbortSignal): Promise<string | undefined> {
  const headers = new Headers();
  for (const [name, values] of Object.entries(check.headers)) for (const value of values) headers.append(name, value);
  const { status } = await fetch(uri, { method: "HEAD", headers, signal, tls: { rejectUnauthorized: true } });
  return status === check.statuscode ? undefined : `${uri}: downstream service returned unexpected status: ${status}`;
}

function lookAtAddress(addr: string, signal: AbortSignal): Promise<undefined> {
  const { hostname = "localhost", port = 0 } = parseListenAddress(addr) ?? {};
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port });
    signal.addEventListener("abort", () => socket.destroy());
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", reject);
  });
}
