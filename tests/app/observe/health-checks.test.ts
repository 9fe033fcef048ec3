import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type HealthCheckDependencies, startHealthChecks } from "../../../src/app/observe/health-checks.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { load } from "../../config/written-file.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

interface Checked extends Disposable {
  /** Waits until the check has told that many results; gives them all. */
  results(count: number): Promise<readonly (string | undefined)[]>;
  readonly log: readonly string[];
  /** How many checks run. */
  readonly count: number;
}

/** Runs the checks of a section. */
async function checked(
  section: string,
  checkStore: HealthCheckDependencies["checkStore"] = async () => {},
): Promise<Checked> {
  const { configuration } = await load({ text: `version: 0.1\nhealth: ${section}\n` });
  const notes: (string | undefined)[] = [];
  const log: string[] = [];
  let noteOne = (): void => undefined;
  const health = {
    note: (check: string, problem: string | undefined) => {
      notes.push(problem === undefined ? undefined : `${check}: ${problem}`);
      noteOne();
    },
  };
  const logger = createLogger({ level: "info", format: "text", write: (line) => log.push(line), now: () => 0 });
  const running = startHealthChecks(configuration.health, { health, checkStore, logger });
  return {
    log,
    count: running.length,
    results: (count) =>
      new Promise((resolve) => {
        noteOne = () => {
          if (notes.length >= count) resolve([...notes]);
        };
        noteOne();
      }),
    [Symbol.dispose]: () => {
      for (const check of running) check[Symbol.dispose]();
    },
  };
}

test("a file that exists is a problem until it is gone, and each change is logged once", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "down");
  writeFileSync(path, "");
  using checks = await checked(`{file: [{file: ${path}, interval: 1ms}]}`);
  const found = await checks.results(2);
  rmSync(path);
  let results = await checks.results(3);
  while (results.at(-1) !== undefined) results = await checks.results(results.length + 1);
  expect([found, checks.log.length]).toEqual([[`${path}: file exists`, `${path}: file exists`], 2]);
  expect(checks.log[0]).toContain("a health check fails");
  expect(checks.log[1]).toContain("passes again");
});

test("failures count from the threshold on", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "down");
  writeFileSync(path, "");
  using checks = await checked(`{file: [{file: ${path}, interval: 1ms, threshold: 3}]}`);
  expect((await checks.results(4)).slice(0, 4)).toEqual([
    undefined,
    undefined,
    `${path}: file exists`,
    `${path}: file exists`,
  ]);
});

test("the store is checked where that is switched on", async () => {
  const fail = async () => {
    throw new Error("it is gone");
  };
  using checks = await checked("{storagedriver: {enabled: true, interval: 1ms}}", fail);
  using none = await checked("{storagedriver: {interval: 1ms}}", fail);
  expect([checks.count, none.count]).toEqual([1, 0]);
  expect((await checks.results(1))[0]).toBe("storagedriver_filesystem: it is gone");
});

test("a URL is asked by HEAD with the configured headers", async () => {
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ method, headers, url }) => {
      const isRight = method === "HEAD" && headers.get("x-key") === "a, b";
      return new Response(null, { status: isRight ? (url.endsWith("/teapot") ? 418 : 200) : 400 });
    },
  });
  const uri = `http://127.0.0.1:${server.port}`;
  const ask = async (more: string) => {
    using checks = await checked(`{http: [{interval: 1ms, ${more}}]}`);
    return (await checks.results(1))[0];
  };
  const headers = "headers: {X-Key: [a, b]}";
  expect([
    await ask(`uri: '${uri}/', ${headers}`),
    await ask(`uri: '${uri}/teapot', ${headers}, statuscode: 418`),
    await ask(`uri: '${uri}/'`),
  ]).toEqual([undefined, undefined, `${uri}/: ${uri}/: downstream service returned unexpected status: 400`]);
});

test("an address has to accept connections", async () => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const addr = `127.0.0.1:${server.port}`;
  using checks = await checked(`{tcp: [{addr: '${addr}', interval: 1ms}]}`);
  const [first] = await checks.results(1);
  server.stop(true);
  let results = await checks.results(2);
  while (results.at(-1) === undefined) results = await checks.results(results.length + 1);
  expect([first, results.at(-1)?.startsWith(`${addr}: `)]).toEqual([undefined, true]);
});

test("what takes too long has failed", async () => {
  await using silent = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Promise(() => undefined) });
  const uri = `http://127.0.0.1:${silent.port}/`;
  using checks = await checked(`{http: [{uri: '${uri}', interval: 1ms, timeout: 20ms}]}`);
  expect((await checks.results(1))[0]).toBe(`${uri}: no answer within 20 ms`);
  await silent.stop(true);
});
