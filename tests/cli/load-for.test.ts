import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, parseWords, UsageError } from "../../src/cli/command.ts";
import { loadFor } from "../../src/cli/load-for.ts";
import { serveCommand } from "../../src/cli/serve.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { fakeIo } from "./fake-io.ts";

test("loadFor() puts --data over the file, and the command's own flags beside it", async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  writeFileSync(file, "version: 0.1\nstorage: {filesystem: {rootdirectory: /elsewhere}}\n");
  const words = parseWords(serveCommand, ["--data", "/here", "--addr", ":1", file]);
  const { configuration } = await loadFor(words, fakeIo());
  expect([configuration.storage.filesystem.rootdirectory, configuration.http.addr]).toEqual(["/here", ":1"]);
});

test("loadFor() takes the path from REGISTRY_CONFIGURATION_PATH, and reports several problems below each other", async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  writeFileSync(file, "version: 7\nlog: {level: loud}\n");
  const io = fakeIo({ env: { REGISTRY_CONFIGURATION_PATH: file } });
  const loading = loadFor(parseWords(serveCommand, []), io);
  expect(loading).rejects.toThrow(CommandError);
  expect(loading).rejects.toThrow(/^the configuration has 2 problems\n {2}.*version.*\n {2}.*log\.level/);
});

test("loadFor() takes what is wrong with flags alone for wrong usage", async () => {
  const words = parseWords(serveCommand, ["--log-level=loud", "--san=a", "--san=b_c"]);
  const error = await loadFor(words, fakeIo()).catch((reason: unknown) => reason);
  expect(error instanceof UsageError && error.message).toEqual(
    '--log-level: must be error, warn, info or debug, not "loud"; --san: "b_c" is neither a host name nor an IPv4 or IPv6 address',
  );
});

test("loadFor() takes what is wrong with a variable beside a flag for a failure", async () => {
  const io = fakeIo({ env: { REGISTRY_HTTP_ADDR: "x" } });
  expect(loadFor(parseWords(serveCommand, ["--log-level=loud"]), io)).rejects.toThrow(CommandError);
});

test("loadFor() tells of a mistyped key, too, which may be the cause of a problem", async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  writeFileSync(file, "version: 0.1\nhttp: {tls: {certifcate: a, key: b}}\n");
  const error = await loadFor(parseWords(serveCommand, [file]), fakeIo()).catch((reason: unknown) => reason);
  expect(error instanceof CommandError && error.message.replaceAll(file, "FILE")).toEqual(
    [
      "the configuration has 1 problem",
      "  FILE:2:29: http.tls.key: needs http.tls.certificate as well",
      "  warning: FILE:2:14: http.tls.certifcate: not a known key, and ignored; did you mean http.tls.certificate?",
    ].join("\n"),
  );
});

test("loadFor() says how to repeat a flag where its second value was taken for the file", async () => {
  const words = parseWords(serveCommand, ["--san", "a", "/no/such/b"]);
  await expect(loadFor(words, fakeIo())).rejects.toThrow(
    /^\/no\/such\/b: .* \(to give --san several values, repeat it: --san a --san \/no\/such\/b\)$/,
  );
});
