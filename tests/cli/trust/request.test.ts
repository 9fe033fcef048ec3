import { expect, test } from "bun:test";
import { parseWords, UsageError } from "../../../src/cli/command.ts";
import { parseTrustRequest } from "../../../src/cli/trust/request.ts";
import { trustCommand } from "../../../src/cli/trust/trust.ts";

const hex = "0123456789abcdef".repeat(4);
const parse = (...words: string[]) => parseTrustRequest(parseWords(trustCommand, words));

test("parseTrustRequest() of a host alone", () => {
  const { target, ...rest } = parse("a.example:5000");
  expect([target.authority, rest]).toEqual([
    "a.example:5000",
    {
      clients: undefined,
      caPath: undefined,
      fingerprint: undefined,
      isAgreed: false,
      isDryRun: false,
      isRemoval: false,
    },
  ]);
});

test("parseTrustRequest() takes each client once", () => {
  expect(parse("a", "--for", "podman", "--for", "docker", "--for", "podman").clients).toEqual(["docker", "podman"]);
});

test.each([hex, hex.toUpperCase(), hex.replace(/..(?=.)/g, "$&:"), `SHA256:${hex}`, `sha256=${hex}`])(
  "parseTrustRequest() reads the fingerprint %p",
  (text) => expect(parse("a", "--fingerprint", text).fingerprint).toBe(hex),
);

test.each([
  [[], /^which registry\?/],
  [["a:0"], /^"a:0" has an impossible port; give HOST/],
  [["https://a/v2/"], /give HOST/],
  [["::1"], /give HOST or HOST:PORT, an IPv6 address in brackets$/],
  [["münchen.de:5000"], /xn--mnchen-3ya\.de/],
  [["a", "--for", "crane"], /^--for is docker, containerd, podman, system, not "crane"$/],
  [["a", "--fingerprint", "AA:BB"], /^--fingerprint is a SHA-256/],
])("parseTrustRequest(%p) is wrong usage", (words, message) => {
  const run = () => parse(...words);
  expect(run).toThrow(UsageError);
  expect(run).toThrow(message);
});
