import { expect, test } from "bun:test";
import { compileNameGlob } from "../../src/lib/name-glob.ts";
import { findNamespaced, findUpstream, hostComponent, isDockerHub, type Routes } from "../../src/proxy/routing.ts";
import { named } from "./caching.ts";

interface Named {
  readonly host: string;
}

const hub = { host: "registry-1.docker.io" };
const ghcr = { host: "ghcr.io" };
const inner = { host: "127.0.0.1:5001" };
const routes: Routes<Named> = { main: hub, others: [ghcr, inner], local: ["team/**", "own"].map(compileNameGlob) };
const withoutMain: Routes<Named> = { main: undefined, others: [ghcr, { host: "docker.io" }], local: [] };

test.each([
  ["library/busybox", "registry-1.docker.io", "library/busybox"],
  ["busybox", "registry-1.docker.io", "library/busybox"],
  ["ghcr.io/owner/app", "ghcr.io", "owner/app"],
  ["127.0.0.1-5001/a/b", "127.0.0.1:5001", "a/b"],
  ["ghcr.io", "registry-1.docker.io", "library/ghcr.io"],
  ["team/app", undefined, undefined],
  ["team/app/deep", undefined, undefined],
  ["own", undefined, undefined],
  ["owned", "registry-1.docker.io", "library/owned"],
])("findUpstream() leads %s to %s, where it is called %s", (name, host, remoteName) => {
  const route = findUpstream(routes, named(name));
  expect([route?.upstream.host, route?.remoteName]).toEqual([host, remoteName as never]);
});

test("findUpstream() without remoteurl leaves all other names local", () => {
  expect(findUpstream(withoutMain, named("library/busybox"))).toBeUndefined();
  expect(findUpstream(withoutMain, named("docker.io/busybox"))?.remoteName).toBe(named("library/busybox"));
});

test.each([
  ["docker.io", "library/busybox", "library/busybox"],
  ["registry-1.docker.io", "library/busybox", "library/busybox"],
  ["ghcr.io", "owner/app", "ghcr.io/owner/app"],
  ["127.0.0.1:5001", "a", "127.0.0.1-5001/a"],
  ["docker.io", "team/app", "team/app"],
  ["docker.io", "ghcr.io/owner/app", undefined],
  ["quay.io", "a/b", undefined],
  ["", "a/b", undefined],
])("findNamespaced() finds %s %s as %s", (ns, name, found) => {
  expect(findNamespaced(routes, { ns, name: named(name) })).toEqual(found as never);
});

test("findNamespaced() finds docker.io among the others too", () => {
  expect(findNamespaced(withoutMain, { ns: "docker.io", name: named("library/a") })).toBe(named("docker.io/library/a"));
  const other = { ...routes, main: { host: "quay.io" } };
  expect(findNamespaced(other, { ns: "docker.io", name: named("library/a") })).toBeUndefined();
});

test("hostComponent() and isDockerHub()", () => {
  expect([hostComponent("localhost:5000"), isDockerHub("docker.io"), isDockerHub("docker.io.example")]).toEqual([
    "localhost-5000",
    true,
    false,
  ]);
});
