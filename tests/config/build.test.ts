import { describe, expect, test } from "bun:test";
import type { Configuration } from "../../src/config/configuration.ts";
import { load, problemsOf } from "./written-file.ts";

const withFile = (text: string): string => `version: 0.1\n${text}`;

describe("TLS", () => {
  const files = { kind: "files", certificate: "/c", key: "/k", minimum: "tls1.2" } as const;
  const selfSigned = {
    kind: "selfsigned",
    sans: [],
    days: 397,
    key: "ecdsa",
    directory: undefined,
    minimum: "tls1.2",
  } as const;
  const variables = { REGISTRY_HTTP_TLS_CERTIFICATE: "/c", REGISTRY_HTTP_TLS_KEY: "/k" };
  const full = "http: {tls: {minimumtls: tls1.3, selfsigned: {sans: [a], days: 30, key: rsa4096, directory: /t}}}";

  test.each<[string, Parameters<typeof load>[0], Configuration["http"]["tls"]]>([
    ["no file", {}, selfSigned],
    ["no file, --http", { flags: { plainHttp: true } }, undefined],
    ["no file, switched off", { env: { REGISTRY_HTTP_TLS_SELFSIGNED: "false" } }, undefined],
    ["no file, certificate in the environment", { env: variables }, files],
    ["no file, tls1.3", { env: { REGISTRY_HTTP_TLS_MINIMUMTLS: "tls1.3" } }, { ...selfSigned, minimum: "tls1.3" }],
    ["a file without http.tls", { text: withFile("") }, undefined],
    ["a file with an empty http.tls", { text: withFile("http: {tls: }") }, undefined],
    ["a file with empty paths", { text: withFile("http: {tls: {certificate: '', key: ''}}") }, undefined],
    ["a file with selfsigned", { text: withFile("http: {tls: {selfsigned: }}") }, selfSigned],
    [
      "a file with everything",
      { text: withFile(full) },
      {
        kind: "selfsigned",
        sans: [{ kind: "dns", value: "a" }],
        days: 30,
        key: "rsa4096",
        directory: "/t",
        minimum: "tls1.3",
      },
    ],
    ["a file with a certificate", { text: withFile("http: {tls: {certificate: /c, key: /k}}") }, files],
    ["a file with selfsigned, and variables", { text: withFile("http: {tls: {selfsigned: }}"), env: variables }, files],
    [
      "a file and --san",
      { text: withFile(""), flags: { sans: ["b"] } },
      { ...selfSigned, sans: [{ kind: "dns", value: "b" }] },
    ],
    ["--http over a file", { text: withFile("http: {tls: {selfsigned: }}"), flags: { plainHttp: true } }, undefined],
  ])("%s", async (_, written, want) => {
    expect((await load(written)).configuration.http.tls).toEqual(want);
  });

  test.each([
    ["http: {tls: {certificate: /c}}", "config.yml:2:14: http.tls.certificate: needs http.tls.key as well"],
    ["http: {tls: {key: /k, selfsigned: }}", "config.yml:2:14: http.tls.key: needs http.tls.certificate as well"],
  ])("half a pair is refused: %s", async (text, want) => {
    expect(await problemsOf({ text: withFile(text) })).toEqual([want]);
  });

  test.each<[string, Parameters<typeof load>[0], RegExp]>([
    [
      "old versions",
      { text: withFile("http: {tls: {selfsigned: , minimumtls: tls1.0}}") },
      /http\.tls\.minimumtls: tls1\.0 is not offered any more; the oldest version is tls1\.2$/,
    ],
    [
      "no certificate at all",
      { text: withFile("http: {tls: {minimumtls: tls1.3}}") },
      /no effect, since .*: plain HTTP$/,
    ],
    ["both", { text: withFile("http: {tls: {certificate: c, key: k, selfsigned: }}") }, /selfsigned: no effect, since/],
    ["names of no certificate", { flags: { plainHttp: true, sans: ["a"] } }, /^--san has no effect with --http/],
  ])("%s: a warning", async (_, written, want) => {
    expect((await load(written)).warnings).toEqual([expect.stringMatching(want)]);
  });
});

describe("validation", () => {
  const list = [{ architecture: "amd64", os: "linux" }];
  test.each<[string, string | undefined, Partial<Configuration["validation"]>]>([
    ["no file", undefined, { urls: "any", platforms: "all", platformList: [] }],
    ["a file without a word", "", { urls: { allow: [], deny: [] }, platforms: "all" }],
    ["disabled", "validation: {disabled: true}", { urls: "any", platforms: "none" }],
    [
      "disabled and enabled",
      "validation: {disabled: true, enabled: true}",
      { urls: { allow: [], deny: [] }, platforms: "all" },
    ],
    ["allow", "validation: {manifests: {urls: {allow: [a]}}}", { urls: { allow: ["a"], deny: [] } }],
    ["deny alone", "validation: {manifests: {urls: {deny: [a]}}}", { urls: { allow: [".*"], deny: ["a"] } }],
    [
      "a list of platforms",
      "validation: {manifests: {indexes: {platforms: List, platformlist: [{architecture: amd64, os: linux}]}}}",
      { platforms: "list", platformList: list },
    ],
  ])("%s", async (_, text, want) => {
    const { configuration } = await load(text === undefined ? {} : { text: withFile(text) });
    expect(configuration.validation).toMatchObject(want);
  });

  test("an empty list in a variable is a word: no URL is allowed", async () => {
    const { configuration } = await load({ env: { REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW: "[]" } });
    expect(configuration.validation.urls).toEqual({ allow: [], deny: [] });
  });
});

test.each([
  ["loglevel: error", "error"],
  ["loglevel: error\nlog: {level: debug}", "debug"],
  ["", "info"],
])("the log level of %p", async (text, want) => {
  expect((await load({ text: withFile(text) })).configuration.log.level).toEqual(want as "info");
});
