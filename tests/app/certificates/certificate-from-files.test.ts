import { beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCertificateFiles, readAuthorities } from "../../../src/app/certificates/certificate-from-files.ts";
import { StartError } from "../../../src/app/start-error.ts";
import { type CertificatePair, createAuthority } from "../../../src/tls/self-signed.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

let pairs: readonly CertificatePair[] = [];

beforeAll(async () => {
  const make = (hostName: string) => createAuthority({ hostName, key: "ecdsa", nowMs: Date.now() });
  pairs = [await make("first"), await make("second")];
});

/** Files with the first pair, and how to replace one of them. */
function files(directory: string) {
  const paths = { certificate: join(directory, "tls.crt"), key: join(directory, "tls.key") };
  const put = (pair: CertificatePair | undefined, what: "certificate" | "key") =>
    writeFileSync(paths[what], (what === "key" ? pair?.keyPem : pair?.certificatePem) ?? "");
  put(pairs[0], "certificate");
  put(pairs[0], "key");
  return { paths, put, source: openCertificateFiles({ ...paths, minimum: "tls1.2" }, Date.now()) };
}

test("renew() changes nothing while the files are the same, and takes what they hold when both were replaced", async () => {
  using directory = temporaryDirectory();
  const { paths, put, source } = files(directory.path);
  const first = source.material();
  await source.renew();
  const before = source.material();
  put(pairs[1], "certificate");
  put(pairs[1], "key");
  await source.renew();
  const { certificate, key } = source.material();
  expect([before, certificate, key, source.paths]).toEqual([
    first,
    pairs[1]?.certificatePem ?? "",
    pairs[1]?.keyPem ?? "",
    [paths.certificate, paths.key],
  ]);
});

test("renew() throws while only one of them was replaced, and the pair from before stays", async () => {
  using directory = temporaryDirectory();
  const { put, source } = files(directory.path);
  put(pairs[1], "certificate");
  await expect(source.renew()).rejects.toThrow("does not belong to the certificate");
  expect(source.material().certificate).toBe(pairs[0]?.certificatePem ?? "");
  put(pairs[1], "key");
  await source.renew();
  expect(source.material().key).toBe(pairs[1]?.keyPem ?? "");
});

test("readAuthorities() takes the certificates of a file, and refuses one without any", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "ca.pem");
  writeFileSync(path, `a comment\n${pairs.map(({ certificatePem }) => certificatePem).join("\n")}`);
  expect(readAuthorities(path).match(/BEGIN/g)).toHaveLength(2);
  writeFileSync(path, "a comment\n");
  expect(() => readAuthorities(path)).toThrow(StartError);
});
