// Certificates from files are read again on SIGHUP and when they change, and no request suffers from it.
import { expect, test } from "bun:test";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";
import { describeCertificate } from "../../src/tls/describe.ts";
import { type CertificatePair, createAuthority, issueServerCertificate } from "../../src/tls/self-signed.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf } from "./image.ts";
import { waitUntil } from "./program.ts";

const reloadCount = 50;
const clientCount = 8;
const bigBytes = 64 * 1024 * 1024;

/** A directory of files as Kubernetes mounts a secret: all of them change at once, by one symbolic link. */
function secretIn(directory: string) {
  let version = 0;
  const put = (pair: Partial<CertificatePair>) => {
    version += 1;
    mkdirSync(join(directory, `..${version}`));
    writeFileSync(join(directory, `..${version}/tls.crt`), pair.certificatePem ?? "garbage");
    writeFileSync(join(directory, `..${version}/tls.key`), pair.keyPem ?? "garbage");
    symlinkSync(`..${version}`, join(directory, "..next"));
    renameSync(join(directory, "..next"), join(directory, "..data"));
  };
  for (const name of ["tls.crt", "tls.key"]) symlinkSync(`..data/${name}`, join(directory, name));
  const at = (name: string) => join(directory, name);
  return { put, env: { REGISTRY_HTTP_TLS_CERTIFICATE: at("tls.crt"), REGISTRY_HTTP_TLS_KEY: at("tls.key") } };
}

async function makePair(): Promise<CertificatePair> {
  const means = { key: "ecdsa", nowMs: Date.now() } as const;
  const authority = await createAuthority({ hostName: "test", ...means });
  return await issueServerCertificate(authority, { names: [{ kind: "dns", value: "localhost" }], days: 2, ...means });
}

/** The fingerprint of the certificate that new connections get. */
function served({ port }: StartedRegistry): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256.replaceAll(":", "").toLowerCase());
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

function fingerprintOf({ certificatePem }: CertificatePair): string {
  return (describeCertificate(certificatePem)?.fingerprint ?? "").replaceAll(":", "").toLowerCase();
}

const insecure = { tls: { rejectUnauthorized: false } };

test("certificates change fifty times under load, and no request fails", async () => {
  using directory = temporaryDirectory();
  const { put, env } = secretIn(directory.path);
  const [first, second] = [await makePair(), await makePair()];
  put(first);
  await using registry = await startRegistry({ env });
  const ask = (path: string, init: RequestInit = {}) => fetch(`${registry.url}${path}`, { ...init, ...insecure });
  const bytes = new Uint8Array(bigBytes).fill(7);
  const pushed = await ask(`/v2/app/blobs/uploads/?digest=${digestOf(bytes)}`, { method: "POST", body: bytes });
  expect(pushed.status).toBe(201);

  // A pull that is under way all the time.
  const pull = await ask(`/v2/app/blobs/${digestOf(bytes)}`);
  const reader = pull.body?.getReader();
  let pulledBytes = (await reader?.read())?.value?.length ?? 0;
  let isOver = false;
  const failures: unknown[] = [];
  let answerCount = 0;
  const load = Array.from({ length: clientCount }, async () => {
    while (!isOver) {
      const response = await ask("/v2/").catch((error: unknown) => error);
      if (response instanceof Response && response.status === 200) answerCount += 1;
      else failures.push(response);
    }
  });
  for (let count = 0; count < reloadCount; count += 1) {
    const pair = count % 2 === 0 ? second : first;
    put(pair);
    process.kill(registry.pid, "SIGHUP");
    await waitUntil("the other certificate is served", async () => (await served(registry)) === fingerprintOf(pair));
  }
  isOver = true;
  await Promise.all(load);
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    pulledBytes += part.value.length;
  }
  expect([failures, answerCount > reloadCount, pulledBytes]).toEqual([[], true, bigBytes]);

  put({});
  process.kill(registry.pid, "SIGHUP");
  await waitUntil("the error is told", async () => registry.stderr().includes("the new certificate cannot be used"));
  expect(await served(registry)).toBe(fingerprintOf(first));
  // Without a signal: the change is noticed.
  put(second);
  await waitUntil("the change is noticed", async () => (await served(registry)) === fingerprintOf(second));
  expect((await ask("/v2/")).status).toBe(200);
}, 120_000);
