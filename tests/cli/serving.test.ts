import { expect, test } from "bun:test";
import type { SpawnWorker } from "../../src/app/workers/worker-process.ts";
import { CommandError, parseWords } from "../../src/cli/command.ts";
import { loadFor } from "../../src/cli/load-for.ts";
import { serveCommand } from "../../src/cli/serve.ts";
import { serveUntilSignal } from "../../src/cli/serving.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { fakeIo } from "./fake-io.ts";

test("the flags that every serving command has set keys", async () => {
  const words = ["--addr", ":1", "--data=/d", "--san", "a", "--san", "b", "--log-level", "debug", "--log-format=json"];
  const { settings } = await loadFor(parseWords(serveCommand, words), fakeIo());
  const set = [...settings.values()].filter(({ origin }) => origin.kind === "flag");
  expect(Object.fromEntries(set.map(({ path, written }) => [path, written]))).toEqual({
    "log.level": "debug",
    "log.formatter": "json",
    "storage.filesystem.rootdirectory": "/d",
    "http.addr": ":1",
    "http.tls.selfsigned": "true",
    "http.tls.selfsigned.sans": ["a", "b"],
  });
  const { configuration } = await loadFor(parseWords(serveCommand, ["--http"]), fakeIo());
  expect(configuration.http.tls.selfsigned.isOn).toBe(false);
});

test("serveUntilSignal() makes one line of what is in the way of a start", async () => {
  const flags = { addr: ["127.0.0.1:0"], data: ["/dev/null/data"], http: [""] };
  const load = () => loadConfiguration({ path: undefined, env: {}, flags });
  const error = await serveUntilSignal(load, fakeIo()).catch((reason: unknown) => reason);
  expect(error instanceof CommandError && error.message.split("\n").length).toBe(1);
});

/** Whose worker ends at once, as by a signal that all processes of a service get. */
async function serveWithoutWorker(directory: string, beforeEnd: () => void): Promise<unknown> {
  const spawnWorker: SpawnWorker = ({ onEnd }) => {
    queueMicrotask(() => {
      beforeEnd();
      onEnd("signal SIGTERM");
    });
    return { pid: 1, send: () => undefined, kill: () => undefined };
  };
  const flags = { addr: ["127.0.0.1:0"], data: [directory], http: [""], workers: ["2"] };
  const load = () => loadConfiguration({ path: undefined, env: {}, flags });
  return await serveUntilSignal(load, { ...fakeIo(), spawnWorker }).catch((reason: unknown) => String(reason));
}

test("a worker that cannot begin is why there is no start, unless a signal has ended both", async () => {
  using directory = temporaryDirectory();
  const signal = () => void process.emit("SIGTERM", "SIGTERM");
  expect([
    await serveWithoutWorker(directory.path, () => undefined),
    await serveWithoutWorker(directory.path, signal),
  ]).toEqual([expect.stringContaining("signal SIGTERM"), 0]);
});
