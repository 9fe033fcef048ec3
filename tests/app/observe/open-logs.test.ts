import { expect, test } from "bun:test";
import { levelOf, openLogs } from "../../../src/app/observe/open-logs.ts";
import { type Configuration, schema } from "../../../src/config/schema.ts";
import { streamTo } from "../../log/stream.ts";

const configure = (written: object): Configuration => schema.parse(written);
const loaded = (written: object, warnings: readonly string[] = []) => ({ configuration: configure(written), warnings });

test.each([
  [{}, "info"],
  [{ loglevel: "error" }, "error"],
  [{ log: { level: "DEBUG" }, loglevel: "error" }, "debug"],
])("levelOf(%j) is %s", (written, want) => {
  expect(levelOf(configure(written))).toBe(want as never);
});

test("openLogs() opens a log with the configured format, level and fields, and the access log unless it is off", () => {
  const [log, access]: [string[], string[]] = [[], []];
  const surroundings = { now: () => 0, logStream: streamTo(log), accessStream: streamTo(access) };
  const fields = { service: "registry", time: "mine", "a b": { c: "d" } };
  const shared = { level: "warn", formatter: "json", fields };
  const { logger, accessLog } = openLogs(loaded({ log: { ...shared, accesslog: { disabled: "no" } } }), surroundings);
  logger.info("hidden");
  logger.warn("shown", { service: "own" });
  logger.setLevel("info");
  logger.info("shown now");
  accessLog?.record({
    ...{ remote: "::1", user: undefined, method: "GET", target: "/", status: 200, sizeBytes: 0 },
    ...{ referrer: "", agent: "", durationMs: 0 },
  });
  const always = { service: "registry", "fields.time": "mine", a_b: '{"c":"d"}', time: "1970-01-01T00:00:00.000Z" };
  expect([log.map((line) => JSON.parse(line) as object), access.length]).toEqual([
    [
      { ...always, service: "own", level: "warning", msg: "shown" },
      { ...always, level: "info", msg: "shown now" },
    ],
    1,
  ]);
  expect(openLogs(loaded({}), surroundings).accessLog).toBeUndefined();
});

test("lines that nobody reads are dropped, and the log says so", () => {
  const log: string[] = [];
  const listeners: (() => void)[] = [];
  const accessStream = { write: () => false, once: (_: "drain", listener: () => void) => listeners.push(listener) };
  const { accessLog } = openLogs(loaded({ log: { accesslog: { disabled: "no" } } }), {
    ...{ now: () => 0, logStream: streamTo(log), accessStream },
  });
  const line = { remote: "::1", user: undefined, method: "GET", target: `/${"x".repeat(1024 * 1024)}`, status: 200 };
  for (let count = 0; count < 6; count += 1)
    accessLog?.record({ ...line, sizeBytes: 0, referrer: "", agent: "", durationMs: 0 });
  for (const listener of listeners) listener();
  expect(log.join("")).toContain('msg="lines of the access log were dropped, since nobody read on" count=3');
});

test("warnings about the configuration are shown at every level", () => {
  const log: string[] = [];
  const surroundings = { now: () => 0, logStream: streamTo(log), accessStream: streamTo([]) };
  openLogs(loaded({ log: { level: "error" } }, ["x"]), surroundings).logger.warn("y");
  expect(log).toEqual(["time=1970-01-01T00:00:00.000Z level=warning msg=x\n"]);
});
