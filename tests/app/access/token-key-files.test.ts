import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TokenKeyFiles } from "../../../src/app/access/token-key-files.ts";
import { StartError } from "../../../src/app/start-error.ts";
import { createAuthority } from "../../../src/tls/self-signed.ts";
import { ecKey, formatJwks } from "../../auth/signed-token.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test.each<[string, string | undefined, string]>([
  ["are missing", undefined, "(auth.token.jwks): there is no such file"],
  ["are no JWKS", "[]", "(keys of auth.token): it has no list of keys"],
  ["are cut off", '{"keys":[', "(keys of auth.token): "],
  ["are empty", '{"keys":[]}', "(keys of auth.token): it has no key that could verify a token"],
])("keys that %s are an error at the start", (_what, text, message) => {
  using directory = temporaryDirectory();
  const jwks = join(directory.path, "jwks");
  if (text !== undefined) writeFileSync(jwks, text);
  const opening = () => new TokenKeyFiles({ jwks, rootCertBundle: undefined }, () => {});
  expect(opening).toThrow(StartError);
  expect(opening).toThrow(message);
});

test("the keys are those of the files now; a file that cannot be used leaves them as they were, and is told of once", async () => {
  using directory = temporaryDirectory();
  const [jwks, rootCertBundle] = [join(directory.path, "jwks"), join(directory.path, "bundle")];
  const { certificatePem } = await createAuthority({ hostName: "issuer.test", key: "ecdsa", nowMs: Date.now() });
  writeFileSync(jwks, formatJwks([ecKey("one")]));
  writeFileSync(rootCertBundle, certificatePem);
  const problems: string[] = [];
  const files = new TokenKeyFiles({ jwks, rootCertBundle }, (problem) => problems.push(problem));
  const known = () => ["one", "two"].filter((kid) => files.keys().find({ kid }, Date.now()) !== undefined);
  const seen = [known()];
  writeFileSync(jwks, formatJwks([ecKey("one"), ecKey("two")]));
  seen.push(known());
  writeFileSync(jwks, "{");
  seen.push(known(), known());
  rmSync(jwks);
  seen.push(known(), known());
  writeFileSync(jwks, formatJwks([ecKey("two")]));
  seen.push(known());
  writeFileSync(rootCertBundle, certificatePem.replace("MII", "AAA"));
  seen.push(known(), known());
  expect([seen, problems]).toEqual([
    [
      ["one"],
      ["one", "two"],
      ["one", "two"],
      ["one", "two"],
      ["one", "two"],
      ["one", "two"],
      ["two"],
      ["two"],
      ["two"],
    ],
    [
      expect.stringContaining("(keys of auth.token): "),
      expect.stringContaining("there is no such file"),
      expect.stringContaining("a certificate in it cannot be read"),
    ],
  ]);
});

test("reread() reads a file that looks as it was, and tells again what is wrong with it", () => {
  using directory = temporaryDirectory();
  const jwks = join(directory.path, "jwks");
  writeFileSync(jwks, formatJwks([ecKey("one")]));
  const problems: string[] = [];
  const files = new TokenKeyFiles({ jwks, rootCertBundle: undefined }, (problem) => problems.push(problem));
  files.reread();
  writeFileSync(jwks, "{");
  files.keys();
  files.reread();
  expect(problems).toHaveLength(2);
});
