import { describe, expect, test } from "bun:test";
import { credentialSource } from "../../../src/storage/s3/credential-chain.ts";
import { json, platform, tokenAnswer } from "./platform.ts";

const role = { AWS_WEB_IDENTITY_TOKEN_FILE: "/token", AWS_ROLE_ARN: "arn:aws:iam::1:role/r" };
const keys = { AWS_ACCESS_KEY_ID: "env", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
const container = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials" };

async function keyOf(
  environment: Record<string, string>,
  configured: { accessKey?: string; secretKey?: string; sessionToken?: string } = {},
) {
  const { send, readFile } = platform({
    "POST https://sts.eu-west-1.amazonaws.com/": tokenAnswer("role"),
    "GET http://169.254.170.2/v2/credentials": json("container"),
    "PUT http://169.254.169.254/latest/api/token": "token",
    "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/": "node",
    "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/node": json("instance"),
  });
  const { accessKey, secretKey, sessionToken } = configured;
  const source = credentialSource({
    accessKey,
    secretKey,
    sessionToken,
    region: "eu-west-1",
    environment,
    readFile,
    send,
  });
  return await source.get().then(
    ({ accessKeyId, sessionToken }) => [accessKeyId, sessionToken],
    (error: Error) => error.message,
  );
}

describe("credentials come from", () => {
  test("the configuration before everything else", async () => {
    expect(await keyOf({ ...keys, ...role }, { accessKey: "mine", secretKey: "s" })).toEqual(["mine", undefined]);
    expect(await keyOf(keys, { accessKey: "mine", secretKey: "s", sessionToken: "t" })).toEqual(["mine", "t"]);
  });
  test("the environment, then a role, then the container, then the instance", async () => {
    expect([
      await keyOf({ ...keys, ...role, ...container }),
      await keyOf({ ...role, ...container }),
      await keyOf(container),
      await keyOf({}),
    ]).toEqual([
      ["env", "t"],
      ["role", "session"],
      ["container", "session"],
      ["instance", "session"],
    ]);
  });
  test("nowhere, which is said", async () => {
    expect(await keyOf({ AWS_EC2_METADATA_DISABLED: "true" })).toBe(
      "no credentials for the bucket from anywhere: set storage.s3.accesskey and storage.s3.secretkey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
  });
  test("a half of a pair, which is said too", async () => {
    expect([await keyOf({}, { accessKey: "mine" }), await keyOf({ AWS_ACCESS_KEY_ID: "env" })]).toEqual([
      "no credentials for the bucket from storage.s3.accesskey and storage.s3.secretkey: credentials are incomplete",
      "no credentials for the bucket from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: credentials are incomplete",
    ]);
  });
});
