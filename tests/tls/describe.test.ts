import { expect, test } from "bun:test";
import { join } from "node:path";
import {
  type CertificateDescription,
  certificateWarnings,
  describeCertificate,
  formatDay,
  isIssuedBy,
  isKeyOf,
} from "../../src/tls/describe.ts";
import { createAuthority, issueServerCertificate } from "../../src/tls/self-signed.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { openssl, testWithOpenssl } from "./openssl.ts";

const nowMs = Date.parse("2030-01-01T00:00:00Z");
const dayMs = 24 * 3_600_000;
const names = [
  { kind: "dns", value: "registry.example.org" },
  { kind: "dns", value: "*.example.org" },
  { kind: "ip", value: "192.0.2.7" },
  { kind: "ip", value: "2001:db8::7" },
] as const;

const authority = await createAuthority({ hostName: "host", key: "ecdsa", nowMs });
const other = await createAuthority({ hostName: "host", key: "ecdsa", nowMs });
const server = await issueServerCertificate(authority, { names, key: "ecdsa", days: 100, nowMs });

test("describeCertificate() reads names, times and kind of a server certificate", () => {
  const { fingerprint, ...rest } = describeCertificate(server.certificatePem) ?? {};
  expect(fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  expect(rest).toEqual({
    subject: "CN=registry.example.org",
    names: [...names],
    notBeforeMs: nowMs - 3_600_000,
    notAfterMs: nowMs + 100 * dayMs,
    isCa: false,
    key: "ecdsa",
  });
});

test("describeCertificate() tells a CA", () => {
  const { subject, isCa, names: none } = describeCertificate(authority.certificatePem) ?? {};
  expect({ subject, isCa, none }).toEqual({ subject: "CN=registry CA host", isCa: true, none: [] });
});

test.each(["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])(
  "describeCertificate(%p) is undefined",
  (pem) => expect(describeCertificate(pem)).toBeUndefined(),
);

test("isIssuedBy() goes by the signature, not by the name", () => {
  const verdicts = [authority, other].map(({ certificatePem }) => isIssuedBy(certificatePem, server.certificatePem));
  expect([...verdicts, isIssuedBy("", server.certificatePem), isIssuedBy(authority.certificatePem, "")]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test("isKeyOf() tells a key that belongs, one that does not, and one that is none", () => {
  const keys = [server.keyPem, authority.keyPem, "garbage"];
  expect(keys.map((keyPem) => isKeyOf(server.certificatePem, keyPem))).toEqual([true, false, undefined]);
});

testWithOpenssl("certificateWarnings() warns about an old certificate with nothing but a CN", () => {
  using directory = temporaryDirectory();
  const [keyPath, path] = [join(directory.path, "domain.key"), join(directory.path, "domain.crt")];
  const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", keyPath];
  openssl("req", "-x509", ...key, "-out", path, "-days", "365", "-subj", "/C=DE/CN=registry.example.org");
  const description = describeCertificate(openssl("x509", "-in", path).output);
  const warnings = description === undefined ? [] : certificateWarnings(description, description.notBeforeMs);
  expect(warnings).toEqual([
    expect.stringMatching(/^the certificate \(C=DE, CN=registry.example.org\) has no subject/),
  ]);
});

const good: CertificateDescription = {
  subject: "CN=a",
  names: [{ kind: "dns", value: "a" }],
  notBeforeMs: nowMs,
  notAfterMs: nowMs + 100 * dayMs,
  fingerprint: "",
  isCa: false,
  key: "ecdsa",
};

test.each([
  [0, []],
  [69, []],
  [71, [/ends on 2030-04-11, in 29 days: replace/]],
  [101, [/ended on 2030-04-11 .* replace/]],
  [-1, [/not valid before 2030-01-01T00:00:00.000Z: check this machine's clock/]],
])("certificateWarnings() on day %p of 100", (day, want) => {
  const warnings = certificateWarnings(good, nowMs + day * dayMs);
  expect(warnings).toEqual(want.map((pattern) => expect.stringMatching(pattern)));
});

test("formatDay() is the day in UTC", () => {
  expect(formatDay(nowMs)).toBe("2030-01-01");
});
