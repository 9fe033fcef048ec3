import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCertificates, listCertificateHomes } from "../../../src/app/registries/certificate-directories.ts";
import { makeCertificates } from "../../cli/registry-with-authority.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("certificates are looked for where docker, podman and containerd have them", () => {
  const system = ["/etc/containers/certs.d", "/etc/docker/certs.d", "/etc/containerd/certs.d"];
  expect(listCertificateHomes({ HOME: "/h" })).toEqual([
    "/h/.config/containers/certs.d",
    "/h/.config/docker/certs.d",
    ...system,
  ]);
  expect(listCertificateHomes({ HOME: "/h", XDG_CONFIG_HOME: "/c" })).toEqual([
    "/c/containers/certs.d",
    "/c/docker/certs.d",
    ...system,
  ]);
  expect(listCertificateHomes({})).toEqual(system);
});

test("every .crt of a registry's directory is an authority, a .cert with its .key what is shown", async () => {
  using root = temporaryDirectory();
  const { ca, server } = await makeCertificates("nas");
  const [one, two] = [join(root.path, "one"), join(root.path, "two")];
  for (const directory of [one, two]) mkdirSync(join(directory, "nas:5000"), { recursive: true });
  writeFileSync(join(one, "nas:5000/ca.crt"), `# a remark\n${ca.certificatePem}`);
  writeFileSync(join(one, "nas:5000/lonely.cert"), "no key beside it");
  writeFileSync(join(two, "nas:5000/ca.crt"), server.certificatePem);
  writeFileSync(join(two, "nas:5000/me.cert"), server.certificatePem);
  writeFileSync(join(two, "nas:5000/me.key"), server.keyPem);
  const warnings: string[] = [];
  const surroundings = { directories: [one, two, "/nowhere"], warn: (text: string) => void warnings.push(text) };
  const found = findCertificates("nas:5000", surroundings);
  expect(found.authorities.map((pem) => pem.trim())).toEqual([ca.certificatePem.trim(), server.certificatePem.trim()]);
  expect(found.identity).toEqual({ cert: server.certificatePem, key: server.keyPem });
  expect(findCertificates("nas", surroundings)).toEqual({ authorities: [], identity: undefined });
  expect(warnings).toEqual([]);
});

test("what cannot be used is named and passed over", () => {
  using root = temporaryDirectory();
  const directory = join(root.path, "nas");
  mkdirSync(directory);
  writeFileSync(join(directory, "a.crt"), "text");
  writeFileSync(join(directory, "b.crt"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  symlinkSync("/nowhere", join(directory, "c.crt"));
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text.replace(root.path, "~"));
  expect(findCertificates("nas", { directories: [root.path], warn }).authorities).toEqual([]);
  expect(warnings).toEqual([
    "~/nas/a.crt holds something that is no certificate in PEM",
    "~/nas/b.crt holds something that is no certificate in PEM",
    "~/nas/c.crt there is no such file; continuing without it",
  ]);
});
