import { describe, expect, test } from "bun:test";
import {
  type AuthFile,
  findCredentials,
  findHelper,
  helperQuestion,
  parseAuthFile,
  parseHelperAnswer,
} from "../../src/client/auth-file.ts";

const auth = (user: string, password: string) => ({ auth: btoa(`${user}:${password}`) });

function read(value: unknown): AuthFile {
  const file = parseAuthFile(JSON.stringify(value));
  if (file === undefined) throw new Error("no file");
  return file;
}

describe("credentials in a file", () => {
  test.each([
    ["ghcr.io", undefined, { username: "host", password: "a:b" }],
    ["ghcr.io", "other/app", { username: "host", password: "a:b" }],
    ["ghcr.io", "acme/app", { username: "app", password: "x" }],
    ["ghcr.io", "acme/app/deep", { username: "app", password: "x" }],
    ["ghcr.io", "acme/apple", { username: "acme", password: "x" }],
    ["docker.io", "library/alpine", { username: "hub", password: "x" }],
    ["nas:5000", "app", { username: "nas", password: "x" }],
    ["plain.example", undefined, { username: "plain", password: "secret" }],
    ["padded.example", undefined, { username: "padded", password: "x" }],
    ["login.example", undefined, { username: "00", password: "", identityToken: "kept" }],
    ["token.example", undefined, { username: "<token>", password: "", identityToken: "kept" }],
    ["empty.example", undefined, undefined],
    ["broken.example", undefined, undefined],
    ["nowhere.example", undefined, undefined],
  ])("of %s, for %p", (host, repository, want) => {
    const file = read({
      auths: {
        "ghcr.io": auth("host", "a:b"),
        "ghcr.io/acme": auth("acme", "x"),
        "ghcr.io/acme/app": auth("app", "x"),
        "https://index.docker.io/v1/": auth("hub", "x"),
        "https://NAS:5000/v2/": auth("nas", "x"),
        "plain.example": { username: "plain", password: "secret" },
        "padded.example": auth("padded", "x\0\0"),
        "login.example": { ...auth("00", ""), identitytoken: "kept" },
        "token.example": { identitytoken: "kept" },
        "empty.example": {},
        "broken.example": "text",
      },
    });
    expect(findCredentials(file, { host, repository })).toEqual(want as never);
  });

  test("may be with a helper: the host's own, or the one for all others", () => {
    const file = read({ credHelpers: { "gcr.io": "gcloud", "bad.example": "../sh" }, credsStore: "desktop" });
    expect(["gcr.io", "ghcr.io", "bad.example"].map((host) => findHelper(file, host))).toEqual([
      "gcloud",
      "desktop",
      "desktop",
    ]);
    expect(findHelper(read({ credsStore: "a/b" }), "gcr.io")).toBeUndefined();
  });

  test.each(["", "{", "[]", "null", '"text"'])("are none in %p", (text) => {
    expect(parseAuthFile(text)).toBeUndefined();
  });
});

test("a helper is asked for Docker Hub by the address that docker uses", () => {
  expect([helperQuestion("docker.io"), helperQuestion("nas:5000")]).toEqual([
    "https://index.docker.io/v1/",
    "nas:5000",
  ]);
});

test.each([
  ['{"Username":"a","Secret":"b"}', { username: "a", password: "b" }],
  ['{"Username":"<token>","Secret":"b"}', { username: "<token>", password: "", identityToken: "b" }],
  ['{"Username":"a"}', undefined],
  ["[]", undefined],
  ["credentials not found", undefined],
])("parseHelperAnswer(%p)", (text, want) => {
  expect(parseHelperAnswer(text)).toEqual(want as never);
});
