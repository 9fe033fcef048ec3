import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { openCertificates } from "../../../src/app/certificates/certificates.ts";
import { StartError } from "../../../src/app/start-error.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const dayMs = 24 * 3_600_000;
const own = {
  isOn: true,
  sans: [{ kind: "dns" as const, value: "registry.example.org" }],
  days: 397,
  key: "ecdsa" as const,
};
const common = {
  minimumtls: "tls1.2" as const,
  clientcas: [] as string[],
  clientauth: "require-and-verify-client-cert" as const,
};
const selfSigned = { ...common, selfsigned: own };
const plain = { ...common, selfsigned: { ...own, isOn: false } };

test("there is no certificate for plain HTTP", async () => {
  expect(await openCertificates(plain, { directory: "/none", now: Date.now })).toBeUndefined();
});

test("a self-signed certificate is made once, and renewed under the same authority a month before its end", async () => {
  using directory = temporaryDirectory();
  let nowMs = Date.now();
  const means = { directory: directory.path, now: () => nowMs };
  const first = await openCertificates(selfSigned, means);
  const second = await openCertificates(selfSigned, means);
  await second?.renew();
  const untouched = second?.material();
  nowMs += 370 * dayMs;
  await second?.renew();
  const renewed = second?.material();
  expect([
    first?.made !== undefined,
    second?.made,
    second?.authority?.pem() === first?.authority?.pem(),
    second?.description().names.some(({ value }) => value === "registry.example.org"),
    untouched?.certificate === first?.material().certificate,
    renewed?.certificate === first?.material().certificate,
  ]).toEqual([true, undefined, true, true, true, false]);
});

test("cipher suites go with the certificate, also when it is renewed", async () => {
  using directory = temporaryDirectory();
  let nowMs = Date.now();
  const ciphersuites = { offered: ["ECDHE-ECDSA-AES256-GCM-SHA384"], refused: [] };
  const source = await openCertificates(
    { ...selfSigned, ciphersuites },
    { directory: directory.path, now: () => nowMs },
  );
  const first = source?.material();
  nowMs += 370 * dayMs;
  await source?.renew();
  const renewed = source?.material();
  expect(renewed?.certificate).not.toBe(first?.certificate);
  expect([first, renewed].map((material) => [material?.cipherSuites, material?.clientAuthorities])).toEqual(
    Array(2).fill([ciphersuites.offered, undefined]),
  );
  expect(await openCertificates({ ...plain, ciphersuites }, { directory: "/none", now: Date.now })).toBeUndefined();
});

test("a clock that is behind the certificate is warned about", async () => {
  using directory = temporaryDirectory();
  const made = await openCertificates(selfSigned, { directory: directory.path, now: Date.now });
  const later = await openCertificates(selfSigned, { directory: directory.path, now: () => Date.now() - 2 * dayMs });
  expect([made?.warnings, later?.warnings]).toEqual([[], [expect.stringContaining("check this machine's clock")]]);
});

test("authorities of callers go with the certificate, and have to be certificates", async () => {
  using directory = temporaryDirectory();
  const means = { directory: directory.path, now: Date.now };
  const made = await openCertificates(selfSigned, means);
  const authority = made?.authority?.path ?? "";
  const asking = { ...selfSigned, clientcas: [authority] };
  expect((await openCertificates(asking, means))?.material().clientAuthorities).toContain("BEGIN CERTIFICATE");
  const empty = join(directory.path, "empty.pem");
  writeFileSync(empty, "no certificate\n");
  const refused = async (tls: typeof selfSigned) =>
    await openCertificates(tls, means).catch((error: unknown) => error instanceof StartError && error.message);
  expect([
    await refused({ ...selfSigned, clientcas: [empty] }),
    await refused({ ...selfSigned, clientcas: [authority, "/no/ca.pem"] }),
    await refused({ ...plain, clientcas: [authority] }),
  ]).toEqual([
    `http.tls.clientcas: ${empty}: is not a file of PEM certificates`,
    "http.tls.clientcas: /no/ca.pem: there is no such file",
    "http.tls.clientcas needs TLS: set http.tls.certificate and http.tls.key, or http.tls.selfsigned",
  ]);
});

test("authorities that changed beside a certificate that cannot be used count once it can", async () => {
  using directory = temporaryDirectory();
  using other = temporaryDirectory();
  const made = await openCertificates(selfSigned, { directory: directory.path, now: Date.now });
  const another = await openCertificates(selfSigned, { directory: other.path, now: Date.now });
  const at = (name: string) => join(directory.path, name);
  const { certificate = "", key = "" } = made?.material() ?? {};
  writeFileSync(at("x.crt"), certificate);
  writeFileSync(at("x.key"), key);
  writeFileSync(at("clients.pem"), made?.authority?.pem() ?? "");
  const files = { ...plain, certificate: at("x.crt"), key: at("x.key"), clientcas: [at("clients.pem")] };
  const source = await openCertificates(files, { directory: directory.path, now: Date.now });
  const before = source?.material().clientAuthorities;
  writeFileSync(at("x.crt"), "garbage");
  writeFileSync(at("clients.pem"), another?.authority?.pem() ?? "");
  await expect(source?.renew()).rejects.toThrow("not a PEM certificate");
  const during = source?.material().clientAuthorities;
  writeFileSync(at("x.crt"), certificate);
  await source?.renew();
  expect([during === before, source?.material().clientAuthorities?.trim()]).toEqual([
    true,
    another?.authority?.pem().trim(),
  ]);
});

test("the authority has a whole path, which can be typed anywhere", async () => {
  using directory = temporaryDirectory();
  const selfsigned = { ...own, directory: relative(process.cwd(), directory.path) };
  const tls = { ...selfSigned, selfsigned };
  const opened = await openCertificates(tls, { directory: "/none", now: Date.now });
  expect(opened?.authority?.path).toBe(join(directory.path, "ca.crt"));
});

test.each([
  [
    "a certificate that is not there",
    { certificate: "/no/x.crt", key: "/no/x.key" },
    "http.tls.certificate: /no/x.crt: there is no such file",
  ],
  [
    "a certificate that is a directory",
    { certificate: "/", key: "/no/x.key" },
    "http.tls.certificate: /: is a directory",
  ],
  [
    "a key that is not there",
    { certificate: "/dev/null", key: "/no/x.key" },
    "http.tls.key: /no/x.key: there is no such file",
  ],
] as const)("openCertificates() refuses %s", async (_name, files, part) => {
  using directory = temporaryDirectory();
  const opening = openCertificates({ ...plain, ...files }, { directory: directory.path, now: Date.now });
  const error = await opening.catch((reason: unknown) => reason);
  expect(error instanceof StartError && error.message).toContain(part);
});

test.each([
  ["a certificate that is none", "garbage", undefined, "not a PEM certificate"],
  ["a key that is none", undefined, "garbage", "not a PEM private key"],
])("openCertificates() refuses %s", async (_name, certificateText, keyText, part) => {
  using directory = temporaryDirectory();
  const made = await openCertificates(selfSigned, { directory: directory.path, now: Date.now });
  const [certificate, key] = [join(directory.path, "x.crt"), join(directory.path, "x.key")];
  writeFileSync(certificate, certificateText ?? made?.material().certificate ?? "");
  writeFileSync(key, keyText ?? made?.material().key ?? "");
  const tls = { ...selfSigned, certificate, key };
  const error = await openCertificates(tls, { directory: directory.path, now: Date.now }).catch(
    (reason: unknown) => reason,
  );
  expect(error instanceof StartError && error.message).toContain(part);
});

test("openCertificates() refuses a key of another certificate", async () => {
  using directory = temporaryDirectory();
  using other = temporaryDirectory();
  const means = { now: Date.now };
  await openCertificates(selfSigned, { directory: directory.path, ...means });
  await openCertificates(selfSigned, { directory: other.path, ...means });
  const files = { certificate: join(directory.path, "server.crt"), key: join(other.path, "server.key") };
  const tls = { ...plain, ...files };
  const error = await openCertificates(tls, { directory: directory.path, ...means }).catch((reason: unknown) => reason);
  expect(error instanceof StartError && error.message).toContain("does not belong");
});
