// The first-run certificate, judged by openssl.
import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { executable, type StartedRegistry, startRegistry } from "./executable.ts";
import { requireProgram, run } from "./program.ts";

const hasOpenssl = requireProgram("openssl", "openssl");

describe.skipIf(!hasOpenssl)("the certificate of the first run", () => {
  test("satisfies openssl's strict rules, by name and by address, and no other name", async () => {
    const sans = ["registry.example", "192.0.2.7", "2001:db8::7"].flatMap((name) => ["--san", name]);
    await using registry = await startRegistry({ args: sans });
    const verify = (...args: string[]) => {
      const chain = ["-CAfile", registry.ca, join(registry.data, "tls/server.crt")];
      return run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", ...args, ...chain]);
    };
    const codes: Record<string, number> = {};
    for (const name of ["localhost", "registry.example", "other.example"]) {
      codes[name] = (await verify("-verify_hostname", name)).code;
    }
    for (const address of ["127.0.0.1", "::1", "192.0.2.7", "2001:db8::7", "192.0.2.8"]) {
      codes[address] = (await verify("-verify_ip", address)).code;
    }
    expect(codes).toEqual({
      localhost: 0,
      "registry.example": 0,
      "other.example": 2,
      "127.0.0.1": 0,
      "::1": 0,
      "192.0.2.7": 0,
      "2001:db8::7": 0,
      "192.0.2.8": 2,
    });
  });

  test.each(["ecdsa", "rsa4096"])(
    "with a key of kind %s is used with ciphers that keep secrets, and no others",
    async (key) => {
      await using registry = await startRegistry({ env: { REGISTRY_HTTP_TLS_SELFSIGNED_KEY: key } });
      const isTaken = async (...words: string[]) => {
        const client = ["openssl", "s_client", "-connect", `127.0.0.1:${registry.port}`, ...words];
        return (await run(client)).code === 0;
      };
      const kind = key === "ecdsa" ? "ECDSA" : "RSA";
      const old = (cipher: string) => isTaken("-tls1_2", "-cipher", `${cipher}:@SECLEVEL=0`);
      const taken: Record<string, boolean> = { "TLS 1.3": await isTaken("-tls1_3") };
      for (const cipher of [
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "CHACHA20-POLY1305",
        "AES128-SHA",
        "AES256-SHA",
      ]) {
        taken[cipher] = await old(`ECDHE-${kind}-${cipher}`);
      }
      // Without an agreement on a new key.
      for (const cipher of ["AES128-GCM-SHA256", "AES128-SHA", "AES256-SHA"])
        taken[`RSA ${cipher}`] = await old(cipher);
      expect(taken).toEqual({
        "TLS 1.3": true,
        "AES128-GCM-SHA256": true,
        "AES256-GCM-SHA384": true,
        "CHACHA20-POLY1305": true,
        "AES128-SHA": false,
        "AES256-SHA": false,
        "RSA AES128-GCM-SHA256": false,
        "RSA AES128-SHA": false,
        "RSA AES256-SHA": false,
      });
    },
  );

  test("is what the running server shows to openssl, which refuses it for another name", async () => {
    await using registry = await startRegistry();
    expect(await connect(registry, "-verify_hostname", "localhost")).toBe(0);
    expect(await connect(registry, "-verify_ip", "127.0.0.1")).toBe(0);
    expect(await connect(registry, "-verify_hostname", "other.example")).not.toBe(0);
    expect(await connect(registry, "-verify_ip", "192.0.2.8")).not.toBe(0);
  });

  test("is handed out at /ca.crt with its authority, whose keys only the owner can read", async () => {
    await using registry = await startRegistry();
    const response = await registry.fetch("/ca.crt");
    expect([response.status, await response.text()]).toEqual([200, readFileSync(registry.ca, "utf8")]);
    const modes = ["ca.key", "server.key"].map((name) => statSync(join(registry.data, "tls", name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  test("is the same after a restart, and renewed under the same authority when names are added", async () => {
    using data = temporaryDirectory();
    const first = await startAndRead(data.path);
    const second = await startAndRead(data.path);
    const third = await startAndRead(data.path, "--san", "added.example");
    expect(second).toEqual(first);
    expect(third.authority).toBe(first.authority);
    expect(third.server.fingerprint256).not.toBe(first.server.fingerprint256);
    expect(third.server.subjectAltName).toContain("DNS:added.example");
  });

  test("is one, also where several processes start at once on an empty directory", async () => {
    using data = temporaryDirectory();
    await using all = new AsyncDisposableStack();
    const start = async () => all.use(await startRegistry({ data: data.path }));
    const attempts = await Promise.allSettled(Array.from({ length: 4 }, start));
    expect(attempts.flatMap((attempt) => (attempt.status === "rejected" ? [attempt.reason] : []))).toEqual([]);
    const started = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
    const shown = await Promise.all(started.map(showCertificate));
    const authorities = await Promise.all(started.map(async (registry) => (await registry.fetch("/ca.crt")).text()));
    expect([new Set(shown).size, new Set(authorities).size]).toEqual([1, 1]);
    const names = readdirSync(join(data.path, "tls"))
      .filter((name) => !name.includes("lock"))
      .sort();
    expect(names).toEqual(["ca.crt", "ca.key", "server.crt", "server.key"]);
  });
});

describe.skipIf(!hasOpenssl).each(["ecdsa", "rsa4096"])("registry gencert --key %s", (key) => {
  test("writes what openssl verifies, refuses to overwrite it, and replaces the certificate with --force", async () => {
    using directory = temporaryDirectory();
    const at = (name: string) => join(directory.path, name);
    const sans = ["--san", "registry.example", "--san", "192.0.2.7", "--san", "2001:db8::7"];
    const gencert = (...args: string[]) =>
      run([executable, "gencert", "--out", directory.path, "--key", key, ...sans, ...args]);
    expect(await gencert()).toMatchObject({ code: 0 });
    const strict = ["-x509_strict", "-purpose", "sslserver", "-CAfile", at("ca.crt"), at("server.crt")];
    for (const name of [
      ["-verify_hostname", "registry.example"],
      ["-verify_ip", "2001:db8::7"],
    ]) {
      expect(await run(["openssl", "verify", ...name, ...strict])).toMatchObject({ code: 0 });
    }
    const [authority, server] = [readFileSync(at("ca.crt"), "utf8"), readFileSync(at("server.crt"), "utf8")];
    expect(await gencert()).toMatchObject({ code: 1, stderr: expect.stringContaining("--force") });
    expect(readFileSync(at("server.crt"), "utf8")).toBe(server);
    expect(await gencert("--force")).toMatchObject({ code: 0 });
    expect(readFileSync(at("ca.crt"), "utf8")).toBe(authority);
    expect(readFileSync(at("server.crt"), "utf8")).not.toBe(server);
    expect(await run(["openssl", "verify", ...strict])).toMatchObject({ code: 0 });
  });
});

/** What a registry on the directory serves with, after it was stopped. */
async function startAndRead(data: string, ...args: string[]) {
  await using registry = await startRegistry({ data, args });
  const { fingerprint256, subjectAltName } = new X509Certificate(await showCertificate(registry));
  const authority = await (await registry.fetch("/ca.crt")).text();
  expect(await registry.stop()).toBe(0);
  return { authority, server: { fingerprint256, subjectAltName } };
}

/** The certificate that the server shows, in PEM. */
async function showCertificate({ port, ca }: StartedRegistry): Promise<string> {
  const { stdout } = await run(["openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", ca]);
  return /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(stdout)?.[0] ?? "";
}

/** openssl's verdict on a connection. */
async function connect({ port, ca }: StartedRegistry, ...args: string[]): Promise<number> {
  const strict = ["-CAfile", ca, "-x509_strict", "-verify_return_error"];
  return (await run(["openssl", "s_client", "-connect", `127.0.0.1:${port}`, ...strict, ...args])).code;
}
