import { expect, test } from "bun:test";
import { platformOf, runTransfer } from "../../../src/cli/transfer/run-transfer.ts";
import { RegistryError } from "../../../src/oci/errors.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeIo } from "../fake-io.ts";

const words = (flags: Readonly<Record<string, readonly string[]>> = {}) => ({ positionals: ["a", "b"], flags });

test("platformOf() refuses what is no platform", () => {
  expect(platformOf(words())).toBeUndefined();
  expect(platformOf(words({ platform: ["linux/arm64"] }))).toMatchObject({ architecture: "arm64" });
  expect(() => platformOf(words({ platform: ["arm64"] }))).toThrow("--platform is not a platform");
});

const failure = (error: unknown) =>
  runTransfer({ words: words(), io: fakeIo(), needsStore: false }, async () => {
    throw error;
  });

test("refusals and a full disk become one line that says what to do", () => {
  expect(failure(new RegistryError("MANIFEST_BLOB_UNKNOWN", { detail: { digests: ["sha256:1"] } }))).rejects.toThrow(
    "MANIFEST_BLOB_UNKNOWN (sha256:1)",
  );
  const full = Object.assign(new Error("write"), { code: "ENOSPC" });
  expect(failure(full)).rejects.toThrow("write: make room and run the same command again");
  expect(failure(new TypeError("a bug"))).rejects.toThrow(TypeError);
});

test("what a stranger's names say controls no terminal", () => {
  expect(failure(new RegistryError("MANIFEST_INVALID", { message: "name one of \x1b]0;x\x07\n" }))).rejects.toThrow(
    "name one of \\u{1b}]0;x\\u{7}\\u{a}",
  );
});

test("the store is opened if an operand lies there", async () => {
  using directory = temporaryDirectory();
  const call = { words: words({ data: [directory.path] }), io: fakeIo(), needsStore: true };
  expect(await runTransfer(call, async ({ store }) => (store === undefined ? 1 : 0))).toBe(0);
});
