import { describe, expect, test } from "bun:test";
import { load, problemsOf } from "./written-file.ts";

const withFile = (text: string): string => `version: 0.1\n${text}`;

describe("TLS", () => {
  const files = { certificate: "/c", key: "/k", minimumtls: "tls1.2" };
  const selfSigned = { selfsigned: { isOn: true, sans: [], days: 397, key: "ecdsa" }, minimumtls: "tls1.2" };
  const plain = { selfsigned: { isOn: false } };
  const variables = { REGISTRY_HTTP_TLS_CERTIFICATE: "/c", REGISTRY_HTTP_TLS_KEY: "/k" };
  const full = "http: {tls: {minimumtls: tls1.3, selfsigned: {sans: [a], days: 30, key: rsa4096, directory: /t}}}";

  test.each<[string, Parameters<typeof load>[0], object]>([
    ["no file", {}, selfSigned],
    ["no file, --http", { flags: { http: [""] } }, plain],
    ["no file, switched off", { env: { REGISTRY_HTTP_TLS_SELFSIGNED: "false" } }, plain],
    ["no file, certificate in the environment", { env: variables }, files],
    ["no file, tls1.3", { env: { REGISTRY_HTTP_TLS_MINIMUMTLS: "tls1.3" } }, { ...selfSigned, minimumtls: "tls1.3" }],
    ["a file without http.tls", { text: withFile("") }, plain],
    ["a file with an empty http.tls", { text: withFile("http: {tls: }") }, plain],
    ["a file with empty paths", { text: withFile("http: {tls: {certificate: '', key: ''}}") }, plain],
    ["a file with selfsigned", { text: withFile("http: {tls: {selfsigned: }}") }, selfSigned],
    [
      "a file with everything",
      { text: withFile(full) },
      {
        minimumtls: "tls1.3",
        selfsigned: { isOn: true, sans: [{ kind: "dns", value: "a" }], days: 30, key: "rsa4096", directory: "/t" },
      },
    ],
    ["a file with a certificate", { text: withFile("http: {tls: {certificate: /c, key: /k}}") }, files],
    ["a file with selfsigned, and variables", { text: withFile("http: {tls: {selfsigned: }}"), env: variables }, files],
    [
      "a file and --san",
      { text: withFile(""), flags: { san: ["b"] } },
      { selfsigned: { ...selfSigned.selfsigned, sans: [{ kind: "dns", value: "b" }] } },
    ],
    ["--http over a file", { text: withFile("http: {tls: {selfsigned: }}"), flags: { http: [""] } }, plain],
  ])("%s", async (_, written, want) => {
    expect((await load(written)).configuration.http.tls).toMatchObject(want);
  });

  test.each([
    ["http: {tls: {certificate: /c}}", "config.yml:2:14: http.tls.certificate: needs http.tls.key as well"],
    ["http: {tls: {key: /k, selfsigned: }}", "config.yml:2:14: http.tls.key: needs http.tls.certificate as well"],
  ])("half a pair is refused: %s", async (text, want) => {
    expect(await problemsOf({ text: withFile(text) })).toEqual([want]);
  });
});

test.each([
  ["https://registry.example.com", true],
  ["http://[::1]:5000/path/", true],
  ["registry.example.com", false],
  ["registry.example.com:5000", false],
  ["//registry.example.com", false],
  ["ftp://example.com", false],
  ["https://", false],
  ["https://user:secret@example.com", false],
  ["https://example.com/?a", false],
  ["https://a\r\nb", false],
  ["https://[::1", false],
])("clients can use the host %p: %p", async (host, want) => {
  const { configuration } = await load({ env: { REGISTRY_HTTP_HOST: host } });
  expect(configuration.http.host).toEqual(want ? host : undefined);
});
