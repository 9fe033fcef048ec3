import { expect, test } from "bun:test";
import { parseRegistryUrl, proxyKeys } from "../../src/config/proxy-keys.ts";

test.each([
  ["https://ghcr.io", "https://ghcr.io"],
  ["ghcr.io", "https://ghcr.io"],
  ["docker.io", "https://registry-1.docker.io"],
  ["https://index.docker.io/", "https://registry-1.docker.io"],
  ["http://127.0.0.1:5000/", "http://127.0.0.1:5000"],
  ["localhost:5000", "https://localhost:5000"],
  ["https://host.example/path/", "https://host.example/path"],
  ["ftp://host.example", undefined],
  ["https://user@host.example", undefined],
  ["https://host.example/?a", undefined],
  ["https://", undefined],
  ["", undefined],
])("parseRegistryUrl(%p) is %p", (written, want) => {
  expect(parseRegistryUrl(written)).toEqual(want);
});

test.each<[keyof typeof proxyKeys, unknown, unknown]>([
  ["proxyMaxSize", "100GB", 100e9],
  ["proxyMaxSize", "0", "must be a size above 0, such as 100GB or 500MiB"],
  ["proxyMaxSize", "much", "must be a size above 0, such as 100GB or 500MiB"],
  ["proxyLocal", ["team/**"], ["team/**"]],
  [
    "proxyLocal",
    ["Team"],
    "must be a repository name, in which * stands for a part of a component and ** for any components",
  ],
  ["remoteUrl", "ghcr.io", "https://ghcr.io"],
  ["upstreams", [{ host: "ghcr.io", ttl: "1h" }], [{ host: "ghcr.io", ttl: 3_600_000 }]],
  ["upstreams", [{ host: "ghcr.io", ttl: "soon" }], "must be a duration such as 168h; 0s: for ever"],
  [
    "upstreams",
    [{ host: "GHCR.io" }],
    "must be a host name in lower case, with a port where it has one, such as ghcr.io",
  ],
  [
    "upstreams",
    [{ host: "ghcr.io", user: "x" }],
    "must have the key host, and may have remoteurl, username, password, ttl, ca and realms",
  ],
])("%s takes %p as %p", (name, written, want) => {
  const result = proxyKeys[name].type.schema.safeParse(written);
  const got: unknown = result.success ? result.data : result.error.issues[0]?.message;
  expect(got).toEqual(want);
});
