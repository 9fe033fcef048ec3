import { describe, expect, test } from "bun:test";
import {
  formatStoreName,
  isArchiveText,
  isGlob,
  parseImagePattern,
  parseImageReference,
} from "../../src/transfer/reference.ts";

const hex = "a".repeat(64);
const digest = `sha256:${hex}`;
const tagged = (tag: string) => ({ kind: "tag", tag });

/** What a reference means, in a few words. */
function read(text: string): unknown {
  const parsed = parseImageReference(text);
  return "problem" in parsed ? parsed.problem : parsed.value;
}

describe("parseImageReference()", () => {
  test.each([
    ["team/app:v1", { kind: "store", name: "team/app", reference: tagged("v1") }],
    ["app", { kind: "store", name: "app", reference: undefined }],
    ["app:5000", { kind: "store", name: "app", reference: tagged("5000") }],
    ["app:1.2", { kind: "store", name: "app", reference: tagged("1.2") }],
    [`app@${digest}`, { kind: "store", name: "app", reference: { kind: "digest", digest } }],
    ["/ghcr.io/acme/app:v1", { kind: "store", name: "ghcr.io/acme/app", reference: tagged("v1") }],
    ["ghcr.io/acme/app:v1", { kind: "registry", host: "ghcr.io", name: "acme/app", reference: tagged("v1") }],
    ["nas:5000/app", { kind: "registry", host: "nas:5000", name: "app", reference: undefined }],
    ["localhost/app:x", { kind: "registry", host: "localhost", name: "app", reference: tagged("x") }],
    ["[::1]:5000/app:x", { kind: "registry", host: "[::1]:5000", name: "app", reference: tagged("x") }],
    [
      `GHCR.io/a/b:v1@${digest}`,
      { kind: "registry", host: "ghcr.io", name: "a/b", reference: { kind: "digest", digest } },
    ],
    ["docker.io/alpine:3", { kind: "registry", host: "docker.io", name: "library/alpine", reference: tagged("3") }],
    ["docker://alpine:3", { kind: "registry", host: "docker.io", name: "library/alpine", reference: tagged("3") }],
    ["docker://grafana/loki", { kind: "registry", host: "docker.io", name: "grafana/loki", reference: undefined }],
    [
      "index.docker.io/library/alpine",
      { kind: "registry", host: "docker.io", name: "library/alpine", reference: undefined },
    ],
    ["docker://nas:5000/app:v1", { kind: "registry", host: "nas:5000", name: "app", reference: tagged("v1") }],
    ["oci:/srv/layout", { kind: "oci", path: "/srv/layout", tag: undefined, digest: undefined }],
    ["oci:layout:v1", { kind: "oci", path: "layout", tag: "v1", digest: undefined }],
    [
      "oci:layout:docker.io/library/alpine:3",
      { kind: "oci", path: "layout", tag: "docker.io/library/alpine:3", digest: undefined },
    ],
    [`oci:layout@${digest}`, { kind: "oci", path: "layout", tag: undefined, digest }],
    ["oci-archive:a.tar:v1", { kind: "oci-archive", path: "a.tar", tag: "v1", digest: undefined }],
    ["docker-archive:a.tar:alpine:3", { kind: "docker-archive", path: "a.tar", tag: "alpine:3", digest: undefined }],
  ])("%s", (text, want) => {
    expect(read(text)).toEqual(want as never);
  });

  test.each([
    ["", '"" names no repository'],
    ["localhost:5000", '"localhost:5000" names no repository'],
    ["Team/app", '"Team/app" is no repository name'],
    ["team/app:", '"team/app:" ends where its tag should be'],
    ["team//app", '"team//app" is no repository name'],
    ["team/../app", '"team/../app" is no repository name'],
    ["team/*:v1", '"team/*" is no repository name'],
    ["app:v*", '"v*" is no tag'],
    ["app@sha256:12", '"sha256:12" is no digest'],
    ["oci:", '"oci:" names no path'],
    ["oci:dir:", '"oci:dir:" ends where its tag should be'],
    [`oci:dir@sha256:12`, '"sha256:12" is no digest'],
    ["app\u001b[2J", '"app\\u001b[2J" is no repository name'],
    ["a".repeat(5000), "the reference is too long"],
  ])("refuses %p", (text, problem) => {
    expect(read(text)).toBe(problem);
  });
});

describe("parseImagePattern()", () => {
  test.each([
    ["localhost:5000", { host: "localhost:5000" }],
    ["registry.example.com", { host: "registry.example.com" }],
    ["registry.example.com:5000", { host: "registry.example.com:5000" }],
    ["[::1]:5000", { host: "[::1]:5000" }],
    ["nas/", { host: "nas" }],
    ["docker://nas:5000/", { host: "nas:5000" }],
    ["docker.io", { host: "docker.io" }],
    ["docker.io/*", { host: "docker.io", names: "library/*" }],
    ["docker.io/**", { host: "docker.io", names: "**" }],
    ["team/*", { names: "team/*" }],
    ["team/app:v1.*", { names: "team/app", tags: "v1.*" }],
    ["**:*", { names: "**", tags: "*" }],
    ["nas:5000/team/**:*-rc", { host: "nas:5000", names: "team/**", tags: "*-rc" }],
    [`app@${digest}`, { names: "app", digest }],
    [":v1", '":v1" names no repository'],
    ["app:v?", '"v?" is no tag'],
  ])("%s", (text, want) => {
    const parsed = parseImagePattern(text);
    const shown =
      "problem" in parsed
        ? parsed.problem
        : Object.fromEntries(Object.entries(parsed.value).filter(([, value]) => value !== undefined));
    expect(shown).toEqual(want as never);
  });
});

test("isGlob() finds stars", () => {
  expect(["v1.*", "v1"].map(isGlob)).toEqual([true, false]);
});

test("formatStoreName() puts a slash before what would be read as something else", () => {
  expect(["app", "team/app", "ghcr.io/app", "localhost/app", "oci"].map(formatStoreName)).toEqual([
    "app",
    "team/app",
    "/ghcr.io/app",
    "/localhost/app",
    "/oci",
  ]);
  expect(["oci:x", "docker-archive:x", "oci", "/oci:x"].map(isArchiveText)).toEqual([true, true, false, false]);
});
