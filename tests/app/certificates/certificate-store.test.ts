import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EnsureOptions, ensureCertificates } from "../../../src/app/certificates/certificate-store.ts";
import { withFileLock } from "../../../src/app/files/file-lock.ts";
import { parseSubjectName } from "../../../src/lib/subject-names.ts";
import { isIssuedBy, isKeyOf } from "../../../src/tls/describe.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { openssl, testWithOpenssl } from "../../tls/openssl.ts";
import { withoutRoot } from "../../without-root.ts";

const dayMs = 24 * 3_600_000;
const nowMs = Date.now();
const fileNames = ["ca.crt", "ca.key", "server.crt", "server.key"];
const names = (...texts: string[]) => texts.flatMap((text) => parseSubjectName(text) ?? []);

function ensure(directory: string, extra: Partial<EnsureOptions> = {}) {
  const wanted = { names: names("localhost", "127.0.0.1"), days: 397, key: "ecdsa", nowMs } as const;
  return ensureCertificates({ directory, ...wanted, withLock: withFileLock, ...extra });
}

function readAll(directory: string): Record<string, string> {
  return Object.fromEntries(fileNames.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

/** Which of the four files differ between two readings. */
function changes(before: Record<string, string>, after: Record<string, string>): string[] {
  return fileNames.filter((name) => before[name] !== after[name]);
}

test("ensureCertificates() makes four files on the first run, keys for the owner alone", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "deep/tls");
  const made = await ensure(path);
  const modes = fileNames.map((name) => (statSync(join(path, name)).mode & 0o777).toString(8));
  const files = readAll(path);
  expect({ outcome: made.outcome, modes, made: [made.caPem, made.certificatePem, made.keyPem] }).toEqual({
    outcome: "created",
    modes: ["644", "600", "644", "600"],
    made: [files["ca.crt"] ?? "", files["server.crt"] ?? "", files["server.key"] ?? ""],
  });
});

test("ensureCertificates() keeps what is good, without writing", async () => {
  using directory = temporaryDirectory();
  const first = await ensure(directory.path);
  const refuseLock = () => Promise.reject(new Error("no lock is needed"));
  const second = await ensure(directory.path, { withLock: refuseLock });
  expect(second).toEqual({ ...first, outcome: "kept", reason: undefined });
});

const renewals: [string, Partial<EnsureOptions>, string][] = [
  ["a new name", { names: names("localhost", "other.example") }, "the server certificate lacks other.example"],
  ["the last month", { nowMs: nowMs + 370 * dayMs }, "the server certificate ends on"],
  ["another kind of key", { key: "rsa4096" }, "the configured kind of key is rsa4096"],
  ["force", { force: "server" }, "a new server certificate was asked for"],
];

test.each(renewals)(
  "ensureCertificates() renews the server certificate alone for %s",
  async (_what, change, reason) => {
    using directory = temporaryDirectory();
    await ensure(directory.path);
    const before = readAll(directory.path);
    const renewed = await ensure(directory.path, change);
    expect([renewed.outcome, renewed.reason, changes(before, readAll(directory.path))]).toEqual([
      "renewed",
      expect.stringContaining(reason),
      ["server.crt", "server.key"],
    ]);
  },
);

testWithOpenssl("ensureCertificates() renews so that the old ca.crt goes on vouching", async () => {
  using directory = temporaryDirectory();
  await ensure(directory.path);
  const oldAuthority = join(directory.path, "kept-by-a-client.crt");
  writeFileSync(oldAuthority, readFileSync(join(directory.path, "ca.crt")));
  await ensure(directory.path, { names: names("new.example") });
  const flags = ["-x509_strict", "-purpose", "sslserver", "-verify_hostname", "new.example", "-CAfile", oldAuthority];
  expect(openssl("verify", ...flags, join(directory.path, "server.crt")).isOk).toBe(true);
});

test("ensureCertificates() makes both anew when the authority comes to its end, or when told to", async () => {
  using directory = temporaryDirectory();
  await ensure(directory.path);
  const first = readAll(directory.path);
  const late = await ensure(directory.path, { nowMs: nowMs + 3640 * dayMs });
  const second = readAll(directory.path);
  const forced = await ensure(directory.path, { force: "both" });
  expect([late.outcome, changes(first, second), forced.outcome, changes(second, readAll(directory.path))]).toEqual([
    "created",
    fileNames,
    "created",
    fileNames,
  ]);
});

const mendable: [string, (directory: string) => void][] = [
  ["server.crt is missing", (directory) => rmSync(join(directory, "server.crt"))],
  ["server.key is missing", (directory) => rmSync(join(directory, "server.key"))],
  ["server.key belongs to another certificate", (directory) => copy(directory, "ca.key", "server.key")],
  ["server.crt is of another authority", (directory) => copy(directory, "ca.crt", "server.crt")],
  ["a process was killed while writing", (directory) => mkdirSync(join(directory, ".new"))],
];

function copy(directory: string, from: string, to: string): void {
  writeFileSync(join(directory, to), readFileSync(join(directory, from)));
}

test.each(mendable)("ensureCertificates() repairs it under the same authority: %s", async (_what, harm) => {
  using directory = temporaryDirectory();
  const { caPem } = await ensure(directory.path);
  harm(directory.path);
  const repaired = await ensure(directory.path);
  const checks = [
    isIssuedBy(repaired.caPem, repaired.certificatePem),
    isKeyOf(repaired.certificatePem, repaired.keyPem),
  ];
  expect([repaired.caPem === caPem, ...checks]).toEqual([true, true, true]);
});

test("ensureCertificates() finishes a replacement that was killed after any of its moves", async () => {
  using directory = temporaryDirectory();
  using other = temporaryDirectory();
  const wanted = await ensure(other.path);
  for (let moved = 0; moved <= fileNames.length; moved += 1) {
    const path = join(directory.path, String(moved));
    await ensure(path);
    mkdirSync(join(path, ".ready"));
    for (const [index, name] of fileNames.entries()) {
      writeFileSync(join(path, index < moved ? "" : ".ready", name), readFileSync(join(other.path, name)));
    }
    expect(await ensure(path)).toEqual({ ...wanted, outcome: "kept", reason: undefined });
    expect(existsSync(join(path, ".ready"))).toBe(false);
  }
});

const hopeless: [string, (directory: string) => void, RegExp][] = [
  ["no ca.key", (directory) => rmSync(join(directory, "ca.key")), /has ca.crt but no ca.key; .*--force --new-ca/],
  ["no ca.crt", (directory) => rmSync(join(directory, "ca.crt")), /has ca.key but no ca.crt; .*--force --new-ca/],
  [
    "a foreign ca.key",
    (directory) => copy(directory, "server.key", "ca.key"),
    /ca.key does not belong to ca.crt; .*--new-ca/,
  ],
  [
    "a garbled ca.crt",
    (directory) => writeFileSync(join(directory, "ca.crt"), "x"),
    /ca.crt is not a PEM cert.*--new-ca/,
  ],
  ["a garbled ca.key", (directory) => writeFileSync(join(directory, "ca.key"), ""), /ca.key is not a PEM .*--new-ca/],
  ["a ca.crt that is none", (directory) => copy(directory, "server.crt", "ca.crt"), /ca.crt is not a CA .*--new-ca/],
  [
    "a garbled server.crt",
    (directory) => writeFileSync(join(directory, "server.crt"), "x"),
    /server.crt is not.*--force/,
  ],
  [
    "a garbled server.key",
    (directory) => writeFileSync(join(directory, "server.key"), "x"),
    /server.key is not.*--force/,
  ],
];

test.each(hopeless)(
  "ensureCertificates() refuses %s, changes nothing, and says what to do",
  async (_what, harm, message) => {
    using directory = temporaryDirectory();
    await ensure(directory.path);
    harm(directory.path);
    const listing = () =>
      fileNames.map((name) =>
        Bun.file(join(directory.path, name))
          .text()
          .catch(() => "none"),
      );
    const before = await Promise.all(listing());
    await expect(ensure(directory.path)).rejects.toThrow(message);
    expect(await Promise.all(listing())).toEqual(before);
  },
);

test("ensureCertificates() names a directory that is a file", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  writeFileSync(path, "");
  await expect(ensure(path)).rejects.toThrow(`the certificate directory ${path} cannot be used`);
});

test("ensureCertificates() names a directory that cannot be written", async () => {
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o555);
  const error = await withoutRoot(() => ensure(directory.path)).catch(String);
  chmodSync(directory.path, 0o755);
  expect([error, readdirSync(directory.path)]).toEqual([
    expect.stringMatching(/cannot be used: this user may not/),
    [],
  ]);
});

test("ensureCertificates() in processes that start at once makes one pair", async () => {
  using directory = temporaryDirectory();
  const from = (path: string) => JSON.stringify(join(import.meta.dir, "../../../src", path));
  const script = `
    import { ensureCertificates } from ${from("app/certificates/certificate-store.ts")};
    import { withFileLock } from ${from("app/files/file-lock.ts")};
    const [directory] = process.argv.slice(-1);
    const names = [{ kind: "dns", value: "localhost" }];
    const wanted = { directory, names, days: 397, key: "ecdsa", nowMs: ${nowMs}, withLock: withFileLock };
    const { outcome, authority, server } = await ensureCertificates(wanted);
    process.stdout.write(JSON.stringify({ outcome, prints: [authority.fingerprint, server.fingerprint] }));`;
  const scriptPath = join(directory.path, "ensure.ts");
  const target = join(directory.path, "tls");
  writeFileSync(scriptPath, script);
  const processes = Array.from({ length: 4 }, () => Bun.spawn([process.execPath, scriptPath, target]));
  const outputs = await Promise.all(processes.map((process) => new Response(process.stdout).text()));
  const answers = outputs.map((text) => JSON.parse(text) as { outcome: string; prints: string[] });
  const outcomes = answers.map(({ outcome }) => outcome).sort();
  const distinct = new Set(answers.map(({ prints }) => prints.join()));
  expect([outcomes, distinct.size]).toEqual([["created", "kept", "kept", "kept"], 1]);
  expect(readdirSync(target).sort()).toEqual([".lock", ...fileNames]);
});
