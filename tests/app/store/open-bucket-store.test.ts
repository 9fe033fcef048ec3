import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openExistingStore, openStore } from "../../../src/app/store/open-store.ts";
import { load } from "../../config/written-file.ts";
import { serveEngine } from "../../storage/s3/served-engine.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

async function open(storage: string, how = openStore) {
  const warnings: string[] = [];
  const { configuration } = await load({ text: `version: 0.1\nstorage: ${storage}` });
  const opened = await how(configuration, { env: {}, now: Date.now, warn: (line) => warnings.push(line) });
  return { ...opened, warnings };
}

test("two nodes on one bucket see the same store, and each has a directory of its own", async () => {
  using directory = temporaryDirectory();
  await using served = await serveEngine();
  const [one, other] = [
    await open(served.section(`scratch: ${directory.path}/one`)),
    await open(served.section(`scratch: ${directory.path}/other`), openExistingStore),
  ];
  await one.store.objects.put("some/key", new TextEncoder().encode("text"));
  const read = await other.store.objects.read("some/key", 100);
  expect([new TextDecoder().decode(read), one.mayRemove, one.warnings, one.dataDirectory]).toEqual([
    ...["text", true, [], join(directory.path, "one")],
  ]);
  expect(one.place).toMatch(/^s3:\/\/.*\/ at 127\.0\.0\.1:\d+$/);
  expect([one.shared === undefined, existsSync(join(directory.path, "other"))]).toEqual([false, true]);
  expect(Math.abs(one.store.now() - Date.now())).toBeLessThan(5000);
});

test("contents have an address, unless they are not to be redirected", async () => {
  using directory = temporaryDirectory();
  await using served = await serveEngine();
  const scratch = `scratch: ${directory.path}/scratch`;
  const key = `docker/registry/v2/blobs/sha256/aa/${"a".repeat(64)}/data`;
  const redirecting = await open(served.section(`${scratch}, redirectendpoint: "https://s3.example.com"`));
  await redirecting.store.objects.put(key, new Uint8Array(1));
  const streaming = await open(served.section(scratch).replace("{s3:", "{redirect: {disable: true}, s3:"));
  const addresses = await Promise.all(
    [redirecting, streaming].map(async ({ store }) => await (await store.objects.open(key))?.address?.()),
  );
  expect([new URL(addresses[0] ?? "").host, addresses[1]]).toEqual(["s3.example.com", undefined]);
});

test("a store that carries out late deletions takes nothing away, and says so", async () => {
  using directory = temporaryDirectory();
  await using served = await serveEngine({ isExpiryEnforced: false });
  const { mayRemove, warnings } = await open(served.section(`scratch: ${directory.path}/scratch`));
  expect([mayRemove, warnings]).toEqual([false, [expect.stringContaining("carries out deletions that come too late")]]);
});
