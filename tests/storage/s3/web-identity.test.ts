import { expect, test } from "bun:test";
import { webIdentitySource } from "../../../src/storage/s3/web-identity.ts";
import { platform, tokenAnswer } from "./platform.ts";

function source(answers: Record<string, string>) {
  const { send, sent, readFile } = platform(answers);
  const options = {
    tokenFile: "/token",
    role: "arn:r",
    sessionName: "registry",
    endpoint: "https://sts.test/",
    readFile,
    send,
  };
  return { sent, source: webIdentitySource(options) };
}

test("a role is had for the token of the moment", async () => {
  const { source: identity, sent } = source({ "POST https://sts.test/": tokenAnswer("role") });
  const { accessKeyId, sessionToken, endsMs } = await identity.get();
  expect([accessKeyId, sessionToken, endsMs, sent[0]?.body]).toEqual([
    "role",
    "session",
    Date.parse("2026-11-29T18:00:00Z"),
    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Ar&RoleSessionName=registry&WebIdentityToken=contents+of+%2Ftoken",
  ]);
});

test.each(["<html><br>", "<a/>"])("an answer %j is none", async (text) => {
  const failure = await source({ "POST https://sts.test/": text })
    .source.get()
    .catch((error: Error) => error.message);
  expect(failure).toBe("credentials are incomplete");
});
