import { expect, test } from "bun:test";
import type { App } from "../../src/app.ts";
import { suggestCommands, suggestForOthers } from "../../src/cli/banner-commands.ts";
import { parseSubjectName } from "../../src/lib/subject-names.ts";

const subjects = (...texts: string[]) => texts.flatMap((text) => parseSubjectName(text) ?? []);
const names = subjects("localhost", "::1", "registry.example.org");
const own = { description: () => ({ names }), authority: { path: "/d/tls/ca.crt" } };
const selfSigned = { description: () => ({ names }), selfSignedPath: "/etc/it's mine.crt" };
const bought = { description: () => ({ names }) };
const nameless = { description: () => ({ names: [] }), selfSignedPath: "/c.crt" };

function appWith({ proxy, ...parts }: Partial<Record<"url" | "remoteHost" | "certificate" | "proxy", unknown>>): App {
  const storage = { maintenance: { readonly: { enabled: false } } };
  const app = { configuration: { http: { prefix: "/" }, storage, proxy }, url: "https://localhost:5000", ...parts };
  return app as unknown as App;
}

test.each([
  ["plain HTTP", { url: "http://localhost:5000" }, false, "curl http://localhost:5000/v2/_catalog"],
  ["our own CA", { certificate: own }, false, "curl --cacert /d/tls/ca.crt https://localhost:5000/v2/_catalog"],
  [
    "our own CA, whose file belongs to a service",
    { certificate: own },
    true,
    "sudo curl --cacert /d/tls/ca.crt https://localhost:5000/v2/_catalog",
  ],
  [
    "a self-signed certificate",
    { certificate: selfSigned },
    false,
    `curl --cacert '/etc/it'\\''s mine.crt' https://localhost:5000/v2/_catalog`,
  ],
  ["a well-known CA", { certificate: bought }, false, "curl https://localhost:5000/v2/_catalog"],
  ["a certificate without names", { certificate: nameless }, false, "curl -k https://localhost:5000/v2/_catalog"],
  [
    "another name",
    { certificate: bought, url: "https://registry.example.org" },
    false,
    "curl --resolve registry.example.org:443:127.0.0.1 https://registry.example.org/v2/_catalog",
  ],
  [
    "a certificate for other names than it listens on",
    { certificate: { description: () => ({ names: subjects("*.lab", "a.lab") }) }, url: "https://127.0.0.1:5000" },
    false,
    "curl --resolve a.lab:5000:127.0.0.1 https://a.lab:5000/v2/_catalog",
  ],
  ["an address", { certificate: bought, url: "https://[::1]:5000" }, false, "curl https://[::1]:5000/v2/_catalog"],
])("the curl line of a registry with %s", (_name, parts, isCaPrivate, want) => {
  expect(suggestCommands(appWith(parts), isCaPrivate).at(-1)).toBe(want);
});

const hub = { main: { host: "registry-1.docker.io" }, local: [] };
const remoteHost = "192.0.2.7:5000";

test.each([
  ["our own CA", { certificate: own, remoteHost }, ["sudo registry trust 192.0.2.7:5000"]],
  ["a self-signed certificate", { certificate: selfSigned, remoteHost }, ["sudo registry trust 192.0.2.7:5000"]],
  ["a well-known CA", { certificate: bought, remoteHost }, []],
  ["our own CA, for this machine alone", { certificate: own }, []],
  ["plain HTTP", { remoteHost }, ['{ "insecure-registries": ["192.0.2.7:5000"] }']],
  ["plain HTTP, for this machine alone", {}, []],
  [
    "a cache of Docker Hub over plain HTTP",
    { proxy: hub, remoteHost },
    ['{ "registry-mirrors": ["http://192.0.2.7:5000"],', '"insecure-registries": ["192.0.2.7:5000"] }'],
  ],
  [
    "a cache of Docker Hub for this machine alone",
    { proxy: hub, certificate: own },
    ['{ "registry-mirrors": ["https://localhost:5000"] }'],
  ],
])("what others are told of a registry with %s", (_name, parts, want) => {
  const lines = suggestForOthers(appWith(parts));
  expect(lines.filter((line) => line.startsWith("  ")).map((line) => line.trim())).toEqual(want);
});
