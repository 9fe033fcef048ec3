import { expect, test } from "bun:test";
import {
  explainConnectProblem,
  explainForeignAuthority,
  explainMissingAuthority,
  explainTrusted,
  explainUncoveredName,
  formatTrustNotes,
  warnAboutReplacement,
} from "../../../src/cli/trust/advice.ts";
import { parseTrustTarget, type TrustTarget } from "../../../src/cli/trust/target.ts";

function target(text: string): TrustTarget {
  const parsed = parseTrustTarget(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

test.each([
  ["unresolved", "a.example:5000", /a\.example does not resolve .* \/etc\/hosts$/],
  ["refused", "a:5000", /^nothing answers at a:5000; is the registry running\?$/],
  ["refused", "a", /443; try `registry trust a:5000`/],
  ["silent", "a:5000", /firewall/],
  ["plain", "[::1]:5000", /insecure-registries": \["\[::1\]:5000"\]/],
] as const)("explainConnectProblem(%p, %p)", (kind, text, want) => {
  expect(explainConnectProblem({ kind }, target(text))).toMatch(want);
});

test("explainConnectProblem() passes on what it cannot explain", () => {
  expect(explainConnectProblem({ kind: "other", message: "odd" }, target("a:1"))).toBe("no CA from a:1: odd");
});

test("explainMissingAuthority() tells the status", () => {
  expect(explainMissingAuthority(500, target("a:5000"))).toBe(
    "https://a:5000/ca.crt was answered with status 500; is this a registry?",
  );
});

test("explainForeignAuthority() names the CA on one short line, and asks for its certificate", () => {
  const issuer = `CN=Lab CA\nO=\x1b[2K${"x".repeat(1000)}`;
  expect(explainForeignAuthority(issuer, target("a:5000"))).toMatch(
    /^https:\/\/a:5000 .* "CN=Lab CA\\u\{a\}O=\\u\{1b\}\[2Kx+…"; .*: registry trust a:5000 --ca FILE$/,
  );
});

test("explainTrusted() says that there is nothing to do", () => {
  expect(explainTrusted(target("a:5000"))).toContain("trusts already: there is nothing to do");
});

test("warnAboutReplacement() shows the old fingerprint and the new one", () => {
  const offered = { fingerprint: "CC:DD" } as Parameters<typeof warnAboutReplacement>[1];
  expect(warnAboutReplacement(["no certificate"], offered, target("a:5000"))).toBe(
    `WARNING: THE CA OF a:5000 IS ANOTHER ONE THAN BEFORE.
Either the registry was set up anew, or somebody answers in its place.
  trusted now  a certificate that cannot be read
  offered      CC:DD

`,
  );
});

test.each([
  [[{ kind: "dns", value: "b" } as const], /^the certificate is for b and not for a, .*`registry serve --san a`$/],
  [[], /only in its subject \("CN=a"\), which docker .* `registry gencert --san a`$/],
])("explainUncoveredName(%p) says which names there are and how to add one", (names, want) => {
  expect(explainUncoveredName({ names, subject: "CN=a" }, target("a:5000"))).toMatch(want);
});

test.each([
  ["a:5000", ["docker"], [/docker pull a:5000\/NAME$/]],
  ["a", ["docker"], [/docker pull/, /Docker Hub/]],
  ["[::1]", ["docker"], [/docker pull/]],
  ["a:5000", ["podman", "containerd"], [/podman pull/, /config_path/]],
  ["a", ["system"], [/restarted/]],
] as const)("formatTrustNotes(%p, %p)", (text, clients, want) => {
  const notes = formatTrustNotes(target(text), clients);
  expect(notes).toEqual(want.map((pattern) => expect.stringMatching(pattern)));
});
