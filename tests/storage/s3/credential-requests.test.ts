import { expect, test } from "bun:test";
import { askForText, credentialsOf } from "../../../src/storage/s3/credential-requests.ts";

test("askForText() reads an answer 200, follows nothing, and quotes no answer in its errors", async () => {
  const answers = [
    new Response("fine"),
    new Response("secret", { status: 403 }),
    Response.redirect("http://elsewhere.test/"),
    new Response("x".repeat(100_000)),
  ];
  const outcomes: string[] = [];
  for (const answer of answers) {
    outcomes.push(await askForText(async () => answer, "http://here.test/").catch((error: Error) => error.message));
  }
  expect(outcomes).toEqual([
    "fine",
    "http://here.test/ answered 403",
    "http://here.test/ answered 302",
    "http://here.test/ answers more than credentials",
  ]);
});

test.each([
  [
    { accessKeyId: "a", secretAccessKey: "s", sessionToken: "t", expiration: "1970-01-01T00:00:01Z" },
    ["a", "s", "t", 1000],
  ],
  [{ accessKeyId: "a", secretAccessKey: "s", sessionToken: "", expiration: 5 }, ["a", "s", undefined, undefined]],
])("credentialsOf(%p)", (told, want) => {
  const { accessKeyId, secretAccessKey, sessionToken, endsMs } = credentialsOf(told);
  expect([accessKeyId, secretAccessKey, sessionToken, endsMs] as unknown[]).toEqual(want);
});

test.each([
  ["", "s"],
  ["a", undefined],
  [5, "s"],
])("credentialsOf() refuses %p and %p", (accessKeyId, secretAccessKey) => {
  expect(() => credentialsOf({ accessKeyId, secretAccessKey, sessionToken: undefined, expiration: undefined })).toThrow(
    "credentials are incomplete",
  );
});
