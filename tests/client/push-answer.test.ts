import { expect, test } from "bun:test";
import { refusalOfPush } from "../../src/client/push-answer.ts";

const subject = { host: "nas:5000", name: "app", nowMs: 0 };

function answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
  return {
    status,
    headers: new Headers(headers),
    url: new URL("http://nas:5000/v2/"),
    sender: "public" as never,
    chunks: async function* () {
      yield new TextEncoder().encode(body);
    },
    cancel: () => {},
  };
}

const error = JSON.stringify({ errors: [{ code: "DENIED", message: "no\u001b[31m way" }] });

test.each([
  [
    403,
    error,
    {},
    "UPSTREAM_DENIED",
    /^nas:5000 answers 403 \(DENIED: no \[31m way\): this user may not push to app; log in/,
  ],
  [401, "", {}, "UPSTREAM_DENIED", /^nas:5000 answers 401: this user may not push/],
  [429, "", { "Retry-After": "7" }, "UPSTREAM_LIMITED", /answers 429 to a push to app$/],
  [500, '{"errors":[7]}', {}, "UPSTREAM_UNAVAILABLE", /answers 500/],
  [400, "<html>", {}, "UPSTREAM_INVALID", /answers 400 to a push to app$/],
  [400, "x".repeat(100_000), {}, "UPSTREAM_INVALID", /answers 400/],
])("an answer of %p is a refusal in words", async (status, body, headers, code, message) => {
  const refusal = await refusalOfPush(answer(status, body, headers), subject);
  expect([refusal.code as string, refusal.message]).toEqual([code, expect.stringMatching(message)]);
  if (status === 429) expect(refusal.refusal.retryAfterSeconds).toBe(7);
});
