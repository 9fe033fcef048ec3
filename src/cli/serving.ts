// What `serve` and `proxy` share: flags, start and stop.

import { statSync } from "node:fs";
import { dirname } from "node:path";
import { StartError } from "../app/start-error.ts";
import { dropStartPagesSoon } from "../app/start-pages.ts";
import { type App, startApp } from "../app.ts";
import type { LoadedConfiguration } from "../config/load.ts";
import { messageOf } from "../lib/system-error.ts";
import { version } from "../lib/version.ts";
import { formatBanner } from "./banner.ts";
import { CommandError, type CommandIo, type Flag } from "./command.ts";
import { reloadOnChange } from "./reload.ts";
import { connectServiceManager } from "./service-manager.ts";
import { dataFlag } from "./store-command.ts";

/** The flags of commands that serve. */
export const servingFlags: readonly Flag[] = [
  {
    name: "addr",
    value: "HOST:PORT",
    elsewhere: ["port", "p", "listen", "address", "host", "bind"],
    help: "address to listen on (default :5000, every interface)",
  },
  dataFlag,
  {
    name: "san",
    value: "NAME",
    isRepeatable: true,
    help: "DNS name or IP address to add to the server's own certificate",
  },
  { name: "http", help: "serve plain HTTP" },
  {
    name: "workers",
    value: "N",
    elsewhere: ["processes", "threads"],
    help: "processes that answer requests; 0: one for each core (default 1 with a file, else up to 4)",
  },
  {
    name: "log-level",
    value: "LEVEL",
    choices: ["error", "warn", "info", "debug"],
    help: "error, warn, info or debug (default info)",
  },
  {
    name: "log-format",
    value: "FORMAT",
    choices: ["text", "json", "logstash"],
    help: "text, json or logstash (default text)",
  },
];

/** Serves until told to stop and returns the exit code. */
export async function serveUntilSignal(load: () => Promise<LoadedConfiguration>, io: CommandIo): Promise<number> {
  // Before anything is made, or an early signal would end the process in the middle of it.
  using signals = catchSignals();
  const loaded = await load();
  using manager = connectServiceManager(io.env, process);
  const app = await unlessSignalled(signals.first, () => start(loaded, io));
  if (app === undefined) return 0;
  const serving = `serving ${app.place} on ${app.url}`;
  using _reloading = reloadOnChange(loaded.path === undefined ? [] : [loaded.path], async () => {
    manager.reloading();
    try {
      await app.reload((await load()).configuration);
      app.logger.info("read the configuration again", { path: loaded.path });
    } catch (error) {
      app.logger.error("the configuration cannot be used; everything stays as it was", { problem: messageOf(error) });
    }
    manager.ready(serving);
  });
  using _renewing = reloadOnChange(app.certificate?.paths ?? [], app.renewCertificate);
  // systemd sets this variable: an administrator reads what a service prints in a log.
  const isService = io.env.INVOCATION_ID !== undefined && !io.isTerminal;
  const { authority } = app.certificate ?? {};
  const isCaPrivate = isService && authority !== undefined && !canAnybodyRead(authority.path);
  io.announce(formatBanner(app, version, { isCaPrivate }));
  manager.ready(serving);
  dropStartPagesSoon();
  const signal = await signals.first;
  manager.stopping();
  app.logger.info("stopping", { signal });
  await app.stop();
  app.logger.info("stopped");
  return 0;
}

/** Whether every user can read the file. */
function canAnybodyRead(path: string): boolean {
  try {
    if ((statSync(path).mode & 0o004) === 0) return false;
    for (let directory = dirname(path); ; directory = dirname(directory)) {
      if ((statSync(directory).mode & 0o001) === 0) return false;
      if (dirname(directory) === directory) return true;
    }
  } catch {
    return false;
  }
}

/** So long a signal to all processes of a service may take to get here after what it does to others. */
const sameSignalMs = 100;

/** Undefined if it fails because of a signal: one that all processes get ends workers that have just begun. */
async function unlessSignalled<Started>(
  signal: Promise<string>,
  start: () => Promise<Started>,
): Promise<Started | undefined> {
  try {
    return await start();
  } catch (error) {
    if ((await Promise.race([signal, Bun.sleep(sameSignalMs)])) === undefined) throw error;
    return undefined;
  }
}

async function start(loaded: LoadedConfiguration, io: CommandIo): Promise<App> {
  try {
    const { env, now, logStream, accessStream, spawnWorker } = io;
    return await startApp(loaded, { env, now, logStream, accessStream, print: io.announce, spawnWorker });
  } catch (error) {
    if (error instanceof StartError) throw new CommandError(error.message);
    throw error;
  }
}

/** How long a repeated signal counts as the same one: npm forwards what the terminal has sent to everybody already. */
const repeatedSignalMs = 500;

/** The first SIGTERM or SIGINT, after which another one ends the process at once; a SIGHUP ends nothing. */
function catchSignals(): Disposable & { readonly first: Promise<string> } {
  const { promise: first, resolve } = Promise.withResolvers<string>();
  const endings = ["SIGTERM", "SIGINT"] as const;
  const stop = () => {
    for (const name of endings) process.off(name, onSignal);
  };
  const onSignal = (signal: string) => {
    resolve(signal);
    setTimeout(stop, repeatedSignalMs).unref();
  };
  const onHangup = () => undefined;
  for (const name of endings) process.on(name, onSignal);
  process.on("SIGHUP", onHangup);
  return {
    first,
    [Symbol.dispose]: () => {
      stop();
      process.off("SIGHUP", onHangup);
    },
  };
}
