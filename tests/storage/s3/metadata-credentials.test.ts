import { describe, expect, test } from "bun:test";
import { containerSource, instanceSource } from "../../../src/storage/s3/metadata-credentials.ts";
import { json, platform } from "./platform.ts";

describe("a container", () => {
  test("says what it was told to say", async () => {
    const { send, sent } = platform({ "GET https://pods.test/x": json("pod") });
    const { accessKeyId, endsMs } = await containerSource({
      url: "https://pods.test/x",
      authorization: async () => "word",
      send,
    }).get();
    expect([accessKeyId, endsMs, sent[0]?.headers.get("authorization")]).toEqual([
      "pod",
      Date.parse("2026-11-29T18:00:00Z"),
      "word",
    ]);
  });

  test("asks nobody elsewhere without TLS", async () => {
    const { send, sent } = platform({});
    const container = containerSource({ url: "http://pods.test/x", authorization: async () => "word", send });
    const failure = await container.get().catch((error: Error) => error.message);
    expect([failure, sent.length]).toEqual(["AWS_CONTAINER_CREDENTIALS_FULL_URI leads to pods.test without TLS", 0]);
  });

  test.each(["null", "{}"])("believes no %s", async (text) => {
    const { send } = platform({ "GET http://127.0.0.1/x": text });
    const container = containerSource({ url: "http://127.0.0.1/x", authorization: async () => undefined, send });
    expect(await container.get().catch((error: Error) => error.message)).toBe("credentials are incomplete");
  });
});

test("an instance is asked with a session's token", async () => {
  const { send, sent } = platform({
    "PUT http://meta.test/latest/api/token": "token",
    "GET http://meta.test/latest/meta-data/iam/security-credentials/": "role\n",
    "GET http://meta.test/latest/meta-data/iam/security-credentials/role": json("instance"),
  });
  const { accessKeyId } = await instanceSource({ endpoint: "http://meta.test/", send }).get();
  expect([accessKeyId, sent.map(({ headers }) => headers.get("x-aws-ec2-metadata-token"))]).toEqual([
    "instance",
    [null, "token", "token"],
  ]);
});
