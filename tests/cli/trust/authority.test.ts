import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findAuthority, parseAuthority } from "../../../src/cli/trust/authority.ts";
import { parseTrustTarget, type TrustTarget } from "../../../src/cli/trust/target.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { openssl, testWithOpenssl } from "../../tls/openssl.ts";
import { makeCertificates, serveAuthority } from "../registry-with-authority.ts";

const { ca, server } = await makeCertificates("localhost", "127.0.0.1");
const { ca: otherCa } = await makeCertificates("localhost");

function target(text: string): TrustTarget {
  const parsed = parseTrustTarget(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

test("findAuthority() takes what the registry hands out", async () => {
  await using listener = serveAuthority(() => ca.certificatePem, server);
  const found = await findAuthority(target(`127.0.0.1:${listener.port}`), undefined);
  expect(found).toMatchObject({ pem: ca.certificatePem, isServerItself: false });
});

testWithOpenssl("findAuthority() takes a self-signed certificate that a tutorial's openssl made", async () => {
  using directory = temporaryDirectory();
  const [key, certificate] = [join(directory.path, "key"), join(directory.path, "crt")];
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, ...names);
  const pair = { certificatePem: readFileSync(certificate, "utf8"), keyPem: readFileSync(key, "utf8") };
  await using listener = serveAuthority(() => undefined, pair);
  const found = await findAuthority(target(`127.0.0.1:${listener.port}`), undefined);
  expect(found).toMatchObject({ pem: pair.certificatePem, isServerItself: true });
});

test("findAuthority() asks for the CA of a certificate that another CA signed, and takes it from a file", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "ca.crt");
  writeFileSync(path, `a comment\n${ca.certificatePem}`);
  await using listener = serveAuthority(() => undefined, server);
  const there = target(`127.0.0.1:${listener.port}`);
  await expect(findAuthority(there, undefined)).rejects.toThrow(/does not hand out its CA, which is "CN=.*--ca FILE$/);
  expect(await findAuthority(there, path)).toMatchObject({ pem: ca.certificatePem, isServerItself: false });
  writeFileSync(path, "none");
  await expect(findAuthority(there, path)).rejects.toThrow("is not a PEM certificate");
  await expect(findAuthority(there, join(path, "x"))).rejects.toThrow("there is no such file");
});

test("parseAuthority() keeps the certificate alone", () => {
  const text = `subject=CN=host\r\n${ca.certificatePem.replaceAll("\n", "\r\n")}`;
  expect(parseAuthority(text, "a").pem).toBe(ca.certificatePem);
});

test.each([
  ["is a page", "<html>", "is not a PEM certificate; is this a registry?"],
  ["is a server certificate", server.certificatePem, "is not a CA certificate"],
  ["holds two", ca.certificatePem + otherCa.certificatePem, "holds 2 PEM blocks"],
  ["holds a key", ca.certificatePem + ca.keyPem, "holds 2 PEM blocks"],
])("parseAuthority() refuses a text that %s", (_what, text, message) => {
  expect(() => parseAuthority(text, "https://a/ca.crt")).toThrow(message);
});
