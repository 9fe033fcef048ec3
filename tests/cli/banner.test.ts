import { expect, test } from "bun:test";
import type { CertificateSource } from "../../src/app/certificates/certificate-source.ts";
import type { App } from "../../src/app.ts";
import { formatBanner } from "../../src/cli/banner.ts";
import { parseSubjectName } from "../../src/lib/subject-names.ts";

const names = ["localhost", "10.0.0.5"].flatMap((text) => parseSubjectName(text) ?? []);
const description = { names, notAfterMs: Date.UTC(2027, 0, 2), fingerprint: "AA:BB" };
const authority = { path: "/data/tls/ca.crt", description: () => description };

function storageWith({ canDelete = true, isReadOnly = false } = {}): object {
  return { delete: { enabled: canDelete }, maintenance: { readonly: { enabled: isReadOnly } } };
}

function appWith(certificate: object | undefined, storage: object, http: object = {}): App {
  const app = {
    configuration: { storage, http: { prefix: "/", ...http } },
    url: `${certificate === undefined ? "http" : "https"}://localhost:5000`,
    remoteHost: "10.0.0.5:5000",
    dataDirectory: "/data",
    place: "/data",
    certificate: certificate as CertificateSource | undefined,
  };
  return app as unknown as App;
}

test("the banner of a first run says where everything is and what to type next", () => {
  const app = appWith(
    { description: () => description, authority },
    storageWith({ canDelete: true, isReadOnly: false }),
  );
  expect(formatBanner(app, "1.2.3")).toEqual(`registry 1.2.3 listening on https://localhost:5000

  data         /data
  certificate  localhost, 10.0.0.5 (until 2027-01-02)
  authority    /data/tls/ca.crt
  SHA-256      AA:BB

Try it:
  docker pull busybox
  docker tag busybox localhost:5000/busybox
  docker push localhost:5000/busybox
  curl --cacert /data/tls/ca.crt https://localhost:5000/v2/_catalog

On every other machine that is to use it:
  sudo registry trust 10.0.0.5:5000

Anybody who reaches 10.0.0.5:5000 may pull, push and delete. Run \`registry
passwd USER\` and restart, and they have to log in.

`);
});

test.each([
  ["a read-only registry", storageWith({ canDelete: true, isReadOnly: true }), "may pull."],
  ["a registry without deletion", storageWith({ canDelete: false, isReadOnly: false }), "may pull and push."],
])("the banner of %s says what anybody may do", (_name, storage, part) => {
  expect(formatBanner(appWith(undefined, storage), "1")).toContain(part);
});

test("the banner of a registry with a prefix shows where the API is", () => {
  expect(formatBanner(appWith(undefined, storageWith(), { prefix: "/some/where/" }), "1")).toContain(
    "  curl http://localhost:5000/some/where/v2/_catalog\n",
  );
});

test("the banner of a read-only registry does not ask for a push", () => {
  const banner = formatBanner(appWith(undefined, storageWith({ isReadOnly: true })), "1");
  expect([banner.includes("docker push"), banner.includes("docker pull localhost:5000/busybox")]).toEqual([
    false,
    true,
  ]);
});

test("the banner over plain HTTP and with a configured certificate has no line about trust", () => {
  const storage = storageWith({ canDelete: true, isReadOnly: false });
  const configured = { description: () => description, authority: undefined };
  const banners = [appWith(undefined, storage), appWith(configured, storage)].map((app) => formatBanner(app, "1"));
  expect(banners.map((banner) => banner.includes("registry trust"))).toEqual([false, false]);
});

test("the banner shows the subject of a certificate without names", () => {
  const nameless = { ...description, names: [], subject: "CN=registry.example" };
  const app = appWith({ description: () => nameless, authority: undefined }, storageWith());
  expect(formatBanner(app, "1")).toContain("  certificate  CN=registry.example (until 2027-01-02)\n");
});

test("the banner of a cache tells what it caches, and in whose name everybody pulls", () => {
  const at = (url: string, username?: string) => ({ host: new URL(url).host, remoteurl: url, username });
  const bannerOf = (proxy: object) => {
    const app = { ...appWith(undefined, storageWith({ canDelete: true, isReadOnly: false })) };
    return formatBanner({ ...app, configuration: { ...app.configuration, proxy } } as unknown as App, "1");
  };
  const hub = bannerOf({ main: at("https://registry-1.docker.io", "alice"), others: [], local: [] });
  const ghcr = bannerOf({ main: at("https://ghcr.io"), others: [at("https://quay.io", "bob")], local: [] });
  const mixed = bannerOf({ main: at("https://ghcr.io"), others: [], local: ["team/**"] });
  const shown = (banner: string) =>
    banner.split("\n").filter((line) => /^ {2}(caches|docker) |^Anybody|^pull/.test(line));
  expect([hub, ghcr, mixed].map(shown)).toEqual([
    [
      "  caches       https://registry-1.docker.io",
      "  docker pull localhost:5000/library/busybox",
      "Anybody who reaches 10.0.0.5:5000 may pull, with the rights of alice at",
    ],
    [
      "  caches       https://ghcr.io",
      "  caches       https://quay.io below quay.io/",
      "  docker pull localhost:5000/<a repository of ghcr.io>",
      "Anybody who reaches 10.0.0.5:5000 may pull, with the rights of bob at quay.io.",
    ],
    [
      "  caches       https://ghcr.io",
      "  docker pull busybox",
      "  docker tag busybox localhost:5000/team/busybox",
      "  docker push localhost:5000/team/busybox",
      "Anybody who reaches 10.0.0.5:5000 may pull, push and delete. Run `registry",
    ],
  ]);
});

test("the banner keeps to 80 columns, and breaks only at spaces and inside the fingerprint", () => {
  const fingerprint = Array.from({ length: 32 }, (_, index) => (index + 16).toString(16).toUpperCase()).join(":");
  const many = [
    "localhost",
    "127.0.0.1",
    "registry.a-rather-long-domain.example.org",
    "2001:db8::1:2:3:4",
    "192.0.2.7",
  ];
  const names = many.flatMap((text) => parseSubjectName(text) ?? []);
  const described = () => ({ ...description, names, fingerprint });
  const app = appWith(
    { description: described, authority: { ...authority, description: described } },
    storageWith({ canDelete: true, isReadOnly: false }),
  );
  const lines = formatBanner(app, "1").split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.join("").replaceAll(" ", "")).toContain(`SHA-256${fingerprint}`);
});
