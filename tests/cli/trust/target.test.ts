import { expect, test } from "bun:test";
import { parseTrustTarget } from "../../../src/cli/trust/target.ts";

const dns = (value: string) => ({ kind: "dns", value }) as const;
const ip = (value: string) => ({ kind: "ip", value }) as const;

test.each([
  ["registry.example.org", dns("registry.example.org"), 443, "registry.example.org", "registry.example.org:443", false],
  ["Registry:5000", dns("registry"), 5000, "registry:5000", "registry:5000", true],
  ["example.org:443", dns("example.org"), 443, "example.org:443", "example.org:443", true],
  ["192.0.2.7:5000", ip("192.0.2.7"), 5000, "192.0.2.7:5000", "192.0.2.7:5000", true],
  ["[2001:DB8::1]:5000", ip("2001:db8::1"), 5000, "[2001:db8::1]:5000", "[2001:db8::1]:5000", true],
  ["https://192.0.2.7:5000", ip("192.0.2.7"), 5000, "192.0.2.7:5000", "192.0.2.7:5000", true],
  ["http://registry:5000/", dns("registry"), 5000, "registry:5000", "registry:5000", true],
  ["[::1]", ip("::1"), 443, "[::1]", "[::1]:443", false],
] as const)("parseTrustTarget(%p)", (text, name, port, directoryName, authority, isPortGiven) => {
  expect(parseTrustTarget(text)).toEqual({ name, port, directoryName, authority, isPortGiven });
});

test.each([
  "",
  "::1",
  "a:",
  "a:0",
  "a:65536",
  "a:b",
  "https://a/v2/",
  "ftp://a",
  "a/b",
  "*.a:5000",
  "../../x",
  "[a]:5000",
  "[fe80::1%eth0]:5000",
])("parseTrustTarget(%p) is undefined", (text) => expect(parseTrustTarget(text)).toBeUndefined());
