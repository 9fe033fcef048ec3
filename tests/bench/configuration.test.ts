import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { kinds } from "../../bench/results.ts";
import { configure, type Serving } from "../../bench/servers/configuration.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const serving: Serving = {
  address: { host: "127.0.0.1", port: 5000 },
  directory: "/data",
  tls: { certificate: "/server.crt", key: "/server.key" },
  remoteUrl: undefined,
  workers: undefined,
};

test.each(kinds)("configure(%s) names the address, the directory and the certificate", (kind) => {
  const { text, command } = configure(kind, serving);
  for (const value of ["127.0.0.1", "5000", "/data", "/server.crt", "/server.key"]) expect(text).toContain(value);
  expect(command("program", "file")).toContain("file");
});

test.each(kinds)("configure(%s) without a certificate is plain HTTP", (kind) => {
  expect(configure(kind, { ...serving, tls: undefined }).text).not.toMatch(/tls|cert/);
});

test.each([
  ["registry", true],
  ["undurable", false],
] as const)("ours as %s loads without a warning, and durable is %p", async (kind, durable) => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  writeFileSync(file, configure(kind, { ...serving, remoteUrl: "https://registry.example" }).text);
  const { warnings, configuration } = await loadConfiguration({ path: file, env: {}, flags: {} });
  expect(warnings).toEqual([]);
  expect(configuration.storage.filesystem.durable).toBe(durable);
});

test("angos gets a document in TOML that can be read", () => {
  expect(Bun.TOML.parse(configure("angos", serving).text)).toMatchObject({
    server: { bind_address: "127.0.0.1", port: 5000 },
    blob_store: { fs: { root_dir: "/data" } },
    repository: { bench: {} },
  });
});

test("workers are asked of ours alone", () => {
  expect(configure("registry", { ...serving, workers: 2 }).text).toContain('"workers":2');
  expect(configure("distribution3", { ...serving, workers: 2 }).text).not.toContain("workers");
});
