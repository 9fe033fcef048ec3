import { expect, test } from "bun:test";
import { CommandError, parseWords } from "../../src/cli/command.ts";
import { serveCommand } from "../../src/cli/serve.ts";
import { serveUntilSignal, servingFlags, servingValues } from "../../src/cli/serving.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { fakeIo } from "./fake-io.ts";

test("servingValues() reads the flags that every serving command has", () => {
  const words = ["--addr", ":1", "--san", "a", "--san", "b", "--http", "--log-level", "debug"];
  expect(servingValues(parseWords(serveCommand, words))).toEqual({
    addr: ":1",
    sans: ["a", "b"],
    plainHttp: true,
    logLevel: "debug",
    logFormat: undefined,
  });
  expect(servingFlags.map(({ name }) => name)).toContain("data");
});

test("serveUntilSignal() makes one line of what is in the way of a start", async () => {
  const flags = { addr: "127.0.0.1:99999", rootDirectory: "/dev/null/data", plainHttp: true };
  const loaded = await loadConfiguration({ path: undefined, env: {}, flags: { ...flags, addr: "127.0.0.1:0" } });
  const error = await serveUntilSignal(loaded, fakeIo()).catch((reason: unknown) => reason);
  expect(error instanceof CommandError && error.message.split("\n").length).toBe(1);
});
