import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { parseSubjectName } from "../../src/lib/subject-names.ts";
import { describeCertificate } from "../../src/tls/describe.ts";
import {
  type CertificatePair,
  createAuthority,
  issueServerCertificate,
  type KeyKind,
  loadX509,
} from "../../src/tls/self-signed.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { openssl, testWithOpenssl } from "./openssl.ts";

const dayMs = 24 * 3_600_000;
const nowMs = Date.now();
const names = [
  "registry.example.org",
  "*.wild.example.org",
  "localhost",
  "192.0.2.7",
  "127.0.0.1",
  "::1",
  "2001:db8::7",
];
const subjectNames = names.flatMap((text) => parseSubjectName(text) ?? []);

async function makePair(key: KeyKind, days = 397): Promise<{ authority: CertificatePair; server: CertificatePair }> {
  const authority = await createAuthority({ hostName: "host", key, nowMs });
  return { authority, server: await issueServerCertificate(authority, { names: subjectNames, key, days, nowMs }) };
}

/** Files by name in the directory; returns their paths. */
function writeFiles<Name extends string>(directory: string, texts: Record<Name, string>): Record<Name, string> {
  const entries = Object.entries<string>(texts).map(([name, text]) => {
    writeFileSync(join(directory, name), text);
    return [name, join(directory, name)];
  });
  return Object.fromEntries(entries);
}

const verifications: [string, string, boolean][] = [
  ["-verify_hostname", "registry.example.org", true],
  ["-verify_hostname", "any.wild.example.org", true],
  ["-verify_hostname", "localhost", true],
  ["-verify_ip", "192.0.2.7", true],
  ["-verify_ip", "127.0.0.1", true],
  ["-verify_ip", "::1", true],
  ["-verify_ip", "2001:db8::7", true],
  ["-verify_hostname", "other.example.org", false],
  ["-verify_hostname", "a.b.wild.example.org", false],
  ["-verify_ip", "192.0.2.8", false],
  ["-verify_ip", "2001:db8::8", false],
];

for (const key of ["ecdsa", "rsa4096"] as const) {
  testWithOpenssl(
    `issueServerCertificate() with ${key} is what openssl -x509_strict accepts, by its names alone`,
    async () => {
      using directory = temporaryDirectory();
      const { authority, server } = await makePair(key);
      const paths = writeFiles(directory.path, { ca: authority.certificatePem, server: server.certificatePem });
      const verify = (...extra: string[]) =>
        openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", paths.ca, ...extra, paths.server).isOk;
      const answers = verifications.map(([flag, name]) => [flag, name, verify(flag, name)]);
      expect(answers).toEqual(verifications);
    },
    60_000,
  );
}

testWithOpenssl(
  "createAuthority() and issueServerCertificate() set the extensions that verifiers ask for",
  async () => {
    using directory = temporaryDirectory();
    const { authority, server } = await makePair("ecdsa");
    const paths = writeFiles(directory.path, { ca: authority.certificatePem, server: server.certificatePem });
    const ca = openssl("x509", "-in", paths.ca, "-noout", "-text").output;
    const leaf = openssl("x509", "-in", paths.server, "-noout", "-text").output;
    expect({
      caConstraints: /Basic Constraints: critical\s+CA:TRUE, pathlen:0/.test(ca),
      caUsage: /Key Usage: critical\s+Certificate Sign, CRL Sign/.test(ca),
      caKeyIdentifier: ca.includes("Subject Key Identifier"),
      constraints: /Basic Constraints: critical\s+CA:FALSE/.test(leaf),
      usage: /Key Usage: critical\s+Digital Signature\n/.test(leaf),
      extendedUsage: /Extended Key Usage:\s+TLS Web Server Authentication\n/.test(leaf),
      identifiers: leaf.includes("Subject Key Identifier") && leaf.includes("Authority Key Identifier"),
      serialBytes: /Serial Number:\s+((?:[0-9a-f]{2}:){15}[0-9a-f]{2})\n/.test(leaf),
    }).toEqual({
      caConstraints: true,
      caUsage: true,
      caKeyIdentifier: true,
      constraints: true,
      usage: true,
      extendedUsage: true,
      identifiers: true,
      serialBytes: true,
    });
  },
);

testWithOpenssl("issueServerCertificate() again, under the same authority, verifies with the old ca.crt", async () => {
  using directory = temporaryDirectory();
  const { authority } = await makePair("ecdsa");
  const options = { names: subjectNames, key: "rsa4096", days: 90, nowMs: nowMs + dayMs } as const;
  const renewed = await issueServerCertificate(authority, options);
  const paths = writeFiles(directory.path, { ca: authority.certificatePem, server: renewed.certificatePem });
  const atTime = String(Math.floor((nowMs + 2 * dayMs) / 1000));
  const answer = openssl("verify", "-x509_strict", "-attime", atTime, "-CAfile", paths.ca, paths.server);
  expect(answer.isOk).toBe(true);
});

testWithOpenssl("issueServerCertificate() signs with an authority that openssl made", async () => {
  using directory = temporaryDirectory();
  const files = [join(directory.path, "ca.key"), join(directory.path, "ca.crt")] as const;
  openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", files[0]);
  openssl("req", "-x509", "-key", files[0], "-out", files[1], "-days", "30", "-subj", "/O=Company/CN=Company CA");
  const [keyPem, certificatePem] = await Promise.all(files.map((path) => Bun.file(path).text()));
  const authority = { keyPem: keyPem ?? "", certificatePem: certificatePem ?? "" };
  const options = { names: subjectNames, key: "ecdsa", days: 397, nowMs } as const;
  const server = await issueServerCertificate(authority, options);
  const paths = writeFiles(directory.path, { server: server.certificatePem });
  const answer = openssl("verify", "-CAfile", files[1], paths.server);
  expect(answer.output).toContain("OK");
});

test("issueServerCertificate() is valid from an hour ago, for the days asked for, and not longer than its authority", async () => {
  const { authority, server } = await makePair("ecdsa", 100);
  const options = { names: subjectNames, key: "ecdsa", days: 4000, nowMs } as const;
  const long = await issueServerCertificate(authority, options);
  const wholeMs = Math.floor(nowMs / 1000) * 1000;
  const [ca, short, capped] = [authority, server, long].map(({ certificatePem }) =>
    describeCertificate(certificatePem),
  );
  expect({ start: short?.notBeforeMs, end: short?.notAfterMs, capped: capped?.notAfterMs }).toEqual({
    start: wholeMs - 3_600_000,
    end: wholeMs + 100 * dayMs,
    capped: ca?.notAfterMs,
  });
});

test("createAuthority() shortens a host name that no common name could hold", async () => {
  const { certificatePem } = await createAuthority({ hostName: "h".repeat(200), key: "ecdsa", nowMs });
  expect(describeCertificate(certificatePem)?.subject).toBe(`CN=registry CA ${"h".repeat(52)}`);
});

test("issueServerCertificate() writes PKCS#8 and one certificate", async () => {
  const { server } = await makePair("ecdsa");
  expect([server.keyPem.split("\n")[0], server.certificatePem.split("-----BEGIN CERTIFICATE-----").length]).toEqual([
    "-----BEGIN PRIVATE KEY-----",
    2,
  ]);
});

/** What a client that trusts the CA finds: "ok", or the code of its refusal. */
function handshake(port: number, options: { readonly ca: string; readonly servername: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, ...options }, () => {
      socket.destroy();
      resolve("ok");
    });
    socket.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message));
  });
}

test("a server with the pair is accepted by its names, and refused by others", async () => {
  const { authority, server } = await makePair("ecdsa");
  const ca = authority.certificatePem;
  await using listener = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    tls: { cert: server.certificatePem, key: server.keyPem },
    fetch: () => new Response("ok"),
  });
  const { port = 0 } = listener;
  const answer = await fetch(`https://127.0.0.1:${port}/`, { tls: { ca } });
  const servernames = ["localhost", "registry.example.org", "b.wild.example.org", "other.example.org"];
  const handshakes = await Promise.all(servernames.map((servername) => handshake(port, { ca, servername })));
  expect([await answer.text(), ...handshakes]).toEqual(["ok", "ok", "ok", "ok", "ERR_TLS_CERT_ALTNAME_INVALID"]);
});

test("loadX509() gives the library with the runtime's WebCrypto", async () => {
  expect((await loadX509()).cryptoProvider.get()).toBe(crypto);
});

test("importing the modules of tls/ does not load the library", () => {
  const modules = ["self-signed", "describe", "renewal"].map((name) =>
    join(import.meta.dir, `../../src/tls/${name}.ts`),
  );
  const script = `for (const path of ${JSON.stringify(modules)}) await import(path);
    process.stdout.write(String("getMetadata" in Reflect));`;
  expect(String(Bun.spawnSync([process.execPath, "-e", script]).stdout)).toBe("false");
});
