import { expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureCertificates } from "../../../src/app/certificates/certificate-store.ts";
import { shareAuthority } from "../../../src/app/certificates/shared-authority.ts";
import { withFileLock } from "../../../src/app/files/file-lock.ts";
import { SharedFiles } from "../../../src/app/store/shared-files.ts";
import { isIssuedBy } from "../../../src/tls/describe.ts";
import { openBucket } from "../../storage/s3/bucket.ts";
import type { Engine } from "../../storage/s3/engine.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const nowMs = Date.UTC(2030, 0, 1);
const dayMs = 24 * 3_600_000;

function node(engine: Engine) {
  const directory = temporaryDirectory();
  const { objects } = openBucket({ engine });
  const files = new SharedFiles(objects, { directory: directory.path });
  const share = (atMs = nowMs) => shareAuthority(files, { directory: directory.path, key: "ecdsa", nowMs: atMs });
  const read = (name: string) => readFileSync(join(directory.path, name), "utf8");
  const ensure = () =>
    ensureCertificates({
      directory: directory.path,
      names: [{ kind: "dns", value: "localhost" }],
      days: 90,
      key: "ecdsa",
      nowMs,
      withLock: withFileLock,
    });
  return {
    files,
    objects,
    share,
    read,
    ensure,
    path: directory.path,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

test("nodes that start at once have one authority, and each a server certificate under it", async () => {
  const { engine } = openBucket();
  using one = node(engine);
  using other = node(engine);
  await Promise.all([one.share(), other.share()]);
  const servers = [await one.ensure(), await other.ensure()];
  expect(other.read("ca.crt")).toBe(one.read("ca.crt"));
  expect(servers.map(({ certificatePem, caPem }) => isIssuedBy(caPem, certificatePem))).toEqual([true, true]);
  expect(statSync(join(other.path, "ca.key")).mode & 0o777).toBe(0o600);
});

test("the first node gives the authority that its clients trust already; others take it over", async () => {
  const { engine } = openBucket();
  using one = node(engine);
  using other = node(engine);
  const before = await one.ensure();
  await other.ensure();
  await one.share();
  await other.share();
  const after = await other.ensure();
  expect([after.caPem, isIssuedBy(before.caPem, after.certificatePem)]).toEqual([before.caPem, true]);
});

test("an authority that ends soon, or cannot be read, is replaced", async () => {
  const { engine } = openBucket();
  using one = node(engine);
  await one.share();
  const first = one.read("ca.crt");
  await one.share(nowMs + 3650 * dayMs);
  const second = one.read("ca.crt");
  await one.objects.put("tls/authority.json", new TextEncoder().encode("{"));
  writeFileSync(join(one.path, "ca.key"), "");
  await one.share();
  expect(new Set([first, second, one.read("ca.crt")]).size).toBe(3);
});
