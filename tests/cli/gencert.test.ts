import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, parseWords, UsageError } from "../../src/cli/command.ts";
import { gencertCommand } from "../../src/cli/gencert.ts";
import { formatSubjectNames } from "../../src/lib/subject-names.ts";
import { describeCertificate } from "../../src/tls/describe.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { openssl, testWithOpenssl } from "../tls/openssl.ts";
import { fakeIo } from "./fake-io.ts";

async function gencert(...words: string[]): Promise<string> {
  const io = fakeIo();
  expect(await gencertCommand.run(parseWords(gencertCommand, words), io)).toBe(0);
  return io.output();
}

function read(directory: string, name: string): string {
  return readFileSync(join(directory, name), "utf8");
}

test("gencert writes four files and says what they are, what is in them and what to type next", async () => {
  using directory = temporaryDirectory();
  const out = join(directory.path, "certs");
  const output = await gencert("--out", out, "--san", "registry.example.org", "--san", "[2001:db8::7]", "--days", "10");
  const server = describeCertificate(read(out, "server.crt"));
  const lines = [
    join(out, "ca.crt"),
    "registry.example.org, 2001:db8::7",
    describeCertificate(read(out, "ca.crt"))?.fingerprint ?? "",
    new Date(server?.notAfterMs ?? 0).toISOString().slice(0, 10),
    `certificate: ${join(out, "server.crt")}`,
    `key: ${join(out, "server.key")}`,
    "/etc/docker/certs.d/registry.example.org:5000/ca.crt",
  ];
  expect(lines.filter((line) => !output.includes(line))).toEqual([]);
  expect(readdirSync(out).sort()).toEqual([".lock", "ca.crt", "ca.key", "server.crt", "server.key"]);
});

test("gencert without --san takes the names of this machine", async () => {
  using directory = temporaryDirectory();
  await gencert("--out", directory.path);
  const names = describeCertificate(read(directory.path, "server.crt"))?.names ?? [];
  expect(formatSubjectNames(names)).toMatch(/^localhost, 127\.0\.0\.1, ::1/);
});

testWithOpenssl(
  "gencert --key rsa4096 makes what openssl accepts",
  async () => {
    using directory = temporaryDirectory();
    await gencert("--out", directory.path, "--san", "192.0.2.7", "--key", "rsa4096");
    const [ca, server] = ["ca.crt", "server.crt"].map((name) => join(directory.path, name));
    const flags = ["-x509_strict", "-purpose", "sslserver", "-verify_ip", "192.0.2.7", "-CAfile", ca ?? ""];
    expect(openssl("verify", ...flags, server ?? "").isOk).toBe(true);
    expect(describeCertificate(read(directory.path, "server.crt"))?.key).toBe("rsa4096");
  },
  60_000,
);

test("gencert refuses to overwrite; --force keeps the CA, --force --new-ca does not", async () => {
  using directory = temporaryDirectory();
  const out = ["--out", directory.path, "--san", "a.example"];
  const texts = () => ["ca.crt", "server.crt"].map((name) => read(directory.path, name));
  await gencert(...out);
  const [ca, server] = texts();
  await expect(gencert(...out)).rejects.toThrow(/already has ca.crt, ca.key, server.crt, server.key; --force/);
  expect(texts()).toEqual([ca ?? "", server ?? ""]);
  await gencert(...out, "--force");
  const [sameCa, newServer] = texts();
  expect([sameCa === ca, newServer === server]).toEqual([true, false]);
  await gencert(...out, "--force", "--new-ca");
  expect(texts()[0] === ca).toBe(false);
});

test("gencert --force does not put a new CA where half of one lies, but --new-ca does", async () => {
  using directory = temporaryDirectory();
  const out = ["--out", directory.path, "--san", "a.example", "--force"];
  await gencert(...out);
  rmSync(join(directory.path, "ca.key"));
  await expect(gencert(...out)).rejects.toThrow(/has ca.crt but no ca.key/);
  expect(await gencert(...out, "--new-ca")).toContain("the CA (new");
});

test.each([
  [["--san", "under_score"], /^--san: "under_score" is neither a host name/],
  [["--san", "münchen.de"], /^--san: .* xn--mnchen-3ya\.de$/],
  [["--days", "0"], /^--days is a number from 1 to 3650, not "0"$/],
  [["--days", "1.5"], /^--days is/],
  [["--days", "3651"], /^--days is/],
  [["--key", "rsa"], /^--key is ecdsa or rsa4096, not "rsa"$/],
  [["--new-ca"], /needs --force/],
])("gencert %p is wrong usage, and writes nothing", async (words, message) => {
  using directory = temporaryDirectory();
  const out = join(directory.path, "certs");
  const failure = await gencert(...words, "--out", out).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UsageError);
  expect(String((failure as UsageError).message)).toMatch(message);
  expect(existsSync(out)).toBe(false);
});

test("gencert names a directory that cannot be written", async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "file");
  writeFileSync(file, "");
  const failure = await gencert("--out", join(file, "certs")).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CommandError);
  expect(String(failure)).toContain("a part of the path is a file");
});
