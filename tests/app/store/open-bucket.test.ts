import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openBucket } from "../../../src/app/store/open-bucket.ts";
import { s3 } from "../../../src/config/s3-section.ts";
import { openBucket as openTestBucket, testCredentials } from "../../storage/s3/bucket.ts";
import { Engine, type EngineOptions } from "../../storage/s3/engine.ts";
import { bucketName } from "../../storage/s3/engine-request.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const { accessKeyId, secretAccessKey } = await testCredentials.get();
const usual = {
  isOn: "true",
  bucket: bucketName,
  regionendpoint: "http://store.test",
  accesskey: accessKeyId,
  secretkey: secretAccessKey,
  rootdirectory: "/team/registry/",
};

function open(written: Record<string, string> = {}, options: EngineOptions & { isReadOnly?: boolean } = {}) {
  const engine = new Engine(options);
  const { isReadOnly = false } = options;
  const surroundings = { env: {}, now: () => engine.nowMs, send: engine.send, isReadOnly };
  return { engine, opened: openBucket(s3.parse({ ...usual, ...written }), surroundings) };
}

test("a bucket is opened below its prefix, and nothing of the trial is left", async () => {
  const { engine, opened } = open({ objectacl: "public-read", storageclass: "STANDARD_IA" });
  const { place, traits, objects, secrets, redirectEndpoint } = await opened;
  expect([place, engine.keys(), redirectEndpoint]).toEqual([
    `s3://${bucketName}/team/registry/ at store.test`,
    [],
    undefined,
  ]);
  expect(traits).toMatchObject({ isExpiryEnforced: true, areEtagsMd5: true });
  expect([objects.newHeaders, secrets.newHeaders]).toEqual([
    { "x-amz-acl": "public-read", "x-amz-storage-class": "STANDARD_IA" },
    { "x-amz-storage-class": "STANDARD_IA" },
  ]);
});

test("clients may find the store elsewhere", async () => {
  const { opened } = open({ redirectendpoint: "s3.example.com:9000" });
  expect((await opened).redirectEndpoint?.href).toBe("https://s3.example.com:9000/");
});

test.each([
  [{ bucket: "" }, "storage.s3.bucket is missing"],
  [{ keyid: "k" }, "storage.s3.keyid needs storage.s3.encrypt: true"],
  [{ redirectendpoint: "https://s3.example.com/?x" }, "storage.s3.redirectendpoint must be like https://host:port"],
  [{ ca: "/nowhere/ca.pem" }, "/nowhere/ca.pem (storage.s3.ca): there is no such file"],
  [{ secretkey: "" }, /^no credentials for the bucket from storage\.s3\.accesskey and storage\.s3\.secretkey/],
])("%j is refused in one sentence", async (written, message) => {
  await expect(open(written as Record<string, string>).opened).rejects.toThrow(message);
});

test("certificates of the store's authority are read", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "ca.pem");
  writeFileSync(path, "PEM");
  expect((await open({ ca: path }).opened).objects.client.options.tls.ca).toBe("PEM");
});

test("a store that may only be read will do for who only reads", async () => {
  const { engine } = openTestBucket();
  const send: typeof engine.send = async (url, init) =>
    init.method === "PUT"
      ? new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 })
      : await engine.send(url, init);
  const surroundings = { env: {}, now: () => engine.nowMs, send };
  const settings = s3.parse(usual);
  await expect(openBucket(settings, { ...surroundings, isReadOnly: false })).rejects.toThrow(
    /may not be read and written/,
  );
  const { traits } = await openBucket(settings, { ...surroundings, isReadOnly: true });
  expect(traits.isExpiryEnforced).toBe(false);
});
