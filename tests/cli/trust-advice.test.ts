import { expect, test } from "bun:test";
import {
  explainConnectProblem,
  explainMissingAuthority,
  explainUncoveredName,
  formatTrustNotes,
} from "../../src/cli/trust-advice.ts";
import { parseTrustTarget, type TrustTarget } from "../../src/cli/trust-target.ts";

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

test.each([
  [404, /its certificate was configured, .*\/etc\/docker\/certs\.d\/a:5000\/ca\.crt$/],
  [500, /was answered with status 500; is this a registry\?$/],
])("explainMissingAuthority(%p)", (status, want) => {
  expect(explainMissingAuthority(status, target("a:5000"))).toMatch(want);
});

test("explainUncoveredName() says which names there are and how to add one", () => {
  expect(explainUncoveredName([{ kind: "dns", value: "b" }], target("a:5000"))).toMatch(
    /^the certificate is for b and not for a, .*`registry serve --san a`$/,
  );
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
