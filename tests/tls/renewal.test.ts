import { expect, test } from "bun:test";
import type { CertificateDescription } from "../../src/tls/describe.ts";
import { isEnding, planRenewal, type RenewalFacts } from "../../src/tls/renewal.ts";

const dayMs = 24 * 3_600_000;
const nowMs = Date.parse("2030-01-01T00:00:00Z");
const name = (value: string) => ({ kind: "dns", value }) as const;

/** A certificate that began some days ago and lives for some days in all. */
function certificate(ageDays: number, lifeDays: number, extra: Partial<CertificateDescription> = {}) {
  const notBeforeMs = nowMs - ageDays * dayMs;
  const notAfterMs = notBeforeMs + lifeDays * dayMs;
  const rest = { subject: "", names: [name("a"), name("b")], fingerprint: "", isCa: false, key: "ecdsa" as const };
  return { ...rest, notBeforeMs, notAfterMs, ...extra };
}

const settled: RenewalFacts = {
  authority: certificate(100, 3650, { isCa: true, names: [] }),
  server: certificate(100, 397),
  isIssuedByAuthority: true,
  isKeyMatching: true,
  wantedNames: [name("a")],
  key: "ecdsa",
  nowMs,
};

const cases: [string, Partial<RenewalFacts>, ReturnType<typeof planRenewal>][] = [
  ["nothing changed", {}, "keep"],
  ["31 days left", { server: certificate(366, 397) }, "keep"],
  ["not valid yet: the clock is behind", { server: certificate(-1, 397) }, "keep"],
  ["authority not valid yet", { authority: certificate(-1, 3650) }, "keep"],
  ["no authority", { authority: undefined }, { renew: "both", reason: "there is no certificate authority yet" }],
  [
    "authority ended",
    { authority: certificate(3651, 3650) },
    { renew: "both", reason: "the authority ended on 2029-12-31" },
  ],
  [
    "authority ending",
    { authority: certificate(3640, 3650) },
    { renew: "both", reason: "the authority ends on 2030-01-11" },
  ],
  ["no server", { server: undefined }, { renew: "server", reason: "there is no server certificate yet" }],
  [
    "30 days left",
    { server: certificate(367, 397) },
    { renew: "server", reason: "the server certificate ends on 2030-01-31" },
  ],
  [
    "ended",
    { server: certificate(398, 397) },
    { renew: "server", reason: "the server certificate ended on 2029-12-31" },
  ],
  [
    "names",
    { wantedNames: [name("a"), name("c"), name("d")] },
    { renew: "server", reason: "the server certificate lacks c, d" },
  ],
  [
    "foreign",
    { isIssuedByAuthority: false },
    { renew: "server", reason: "the server certificate was not issued by this authority" },
  ],
  [
    "mismatch",
    { isKeyMatching: false },
    { renew: "server", reason: "the server's private key does not belong to its certificate" },
  ],
  ["kind of key", { key: "rsa4096" }, { renew: "server", reason: "the configured kind of key is rsa4096" }],
];

test.each(cases)("planRenewal(): %s", (_what, change, want) => {
  expect(planRenewal({ ...settled, ...change })).toEqual(want);
});

test.each([
  [0, 3, false],
  [1.9, 3, false],
  [2, 3, true],
  [59, 90, false],
  [60, 90, true],
  [366, 397, false],
  [367, 397, true],
])("isEnding() after %p of %p days is %p", (ageDays, lifeDays, want) => {
  expect(isEnding(certificate(ageDays, lifeDays), nowMs)).toBe(want);
});
