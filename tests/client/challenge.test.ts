import { expect, test } from "bun:test";
import { isBoundRealm, parseChallenge } from "../../src/client/challenge.ts";

test.each([
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
    "https://auth.docker.io/token",
    "registry.docker.io",
  ],
  ['bearer  realm=https://a.example/t , service = "x\\"y"', "https://a.example/t", 'x"y'],
  ['Basic realm="x", Bearer realm="https://a.example/t"', "https://a.example/t", undefined],
])("parseChallenge(%p) is a bearer one", (header, realm, service) => {
  const challenge = parseChallenge(header);
  expect(challenge?.scheme === "bearer" && [challenge.realm.href, challenge.service]).toEqual([realm, service]);
});

test.each([
  ['Basic realm="registry"', "basic"],
  ["basic", "basic"],
  ['Bearer realm="ftp://a.example/t"', undefined],
  ['Bearer realm="file:///etc/passwd"', undefined],
  ["Bearer service=x", undefined],
  ["Negotiate", undefined],
  [`Negotiate ${"a=b,".repeat(3000)} Basic`, undefined],
  ["", undefined],
  [null, undefined],
])("parseChallenge(%p) is %p", (header, scheme) => {
  expect(parseChallenge(header)?.scheme).toEqual(scheme as never);
});

test.each([
  ["https://auth.docker.io/token", "https://registry-1.docker.io", [], true],
  ["https://ghcr.io/token", "https://ghcr.io", [], true],
  ["https://gitlab.com/jwt/auth", "https://registry.gitlab.com", [], true],
  ["https://evil.example/token", "https://ghcr.io", [], false],
  ["https://evil.example/token", "https://ghcr.io", ["evil.example"], true],
  ["https://evil.example:444/token", "https://ghcr.io", ["evil.example"], false],
  ["https://evil.example/token", "https://ghcr.io", ["https://evil.example"], true],
  ["http://ghcr.io/token", "https://ghcr.io", ["ghcr.io"], false],
  ["https://b.github.io/token", "https://a.github.io", [], false],
  ["https://b.herokuapp.com/token", "https://a.herokuapp.com", [], false],
  ["https://b.co.uk/token", "https://a.co.uk", [], false],
  ["https://x.a.co.uk/token", "https://y.a.co.uk", [], true],
  ["https://docker.io.evil.example/", "https://docker.io", [], false],
  ["http://127.0.0.1:5001/token", "http://127.0.0.1:5000", [], false],
  ["http://127.0.0.1:5000/token", "http://127.0.0.1:5000", [], true],
  ["http://localhost:5001/token", "http://localhost:5000", [], false],
  ["http://[::1]:1/token", "http://[::1]:2", [], false],
])("isBoundRealm(%p) for %p with realms %p is %p", async (realm, home, realms, want) => {
  expect(await isBoundRealm(new URL(realm), { home: new URL(home), realms })).toBe(want);
});
