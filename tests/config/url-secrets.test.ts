import { expect, test } from "bun:test";
import { maskUrl } from "../../src/config/url-secrets.ts";

test.each([
  ["https://ghcr.io", "https://ghcr.io"],
  ["https://ghcr.io/a@b", "https://***@b"],
  ["https://bob:hunter2@ghcr.io/v2", "https://***@ghcr.io/v2"],
  ["https://token@ghcr.io", "https://***@ghcr.io"],
  ["https://bob:hun/t@er2@ghcr.io", "https://***@ghcr.io"],
  ["bob:hunter2@ghcr.io", "***@ghcr.io"],
  ["https://hooks.example.org/x?key=hunter2&b=hunter3", "https://hooks.example.org/x?key=***&b=***"],
  ["https://hooks.example.org/x?hunter2", "https://hooks.example.org/x?***"],
  ["https://hooks.example.org/x?a=1?hunter2=", "https://hooks.example.org/x?a=***"],
  ["registry@example.org", "registry@example.org"],
  [":5000", ":5000"],
  ["what?", "what?"],
  ["", ""],
])("maskUrl(%j)", (text, want) => {
  expect(maskUrl(text)).toBe(want);
});
