import { expect, test } from "bun:test";
import { parseBearerChallenge } from "../../src/ui/challenge.ts";

test.each([
  [null, undefined],
  ['Basic realm="registry", charset="UTF-8"', undefined],
  ["Bearer", undefined],
  [
    'Bearer realm="https://r/auth/token",service="registry",scope="repository:team/app:pull,push"',
    { service: "registry", scope: "repository:team/app:pull,push" },
  ],
  ['bearer realm="x", service="a \\"b\\""', { service: 'a "b"', scope: undefined }],
  [`Bearer scope="${"\\".repeat(100_000)}`, { service: undefined, scope: undefined }],
])("parseBearerChallenge() %#", (header, want) => {
  expect(parseBearerChallenge(header)).toEqual(want);
});
