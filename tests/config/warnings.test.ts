import { expect, test } from "bun:test";
import { load } from "./written-file.ts";

const withFile = (text: string): string => `version: 0.1\n${text}`;

test.each<[string, Parameters<typeof load>[0], RegExp]>([
  [
    "old versions",
    { text: withFile("http: {tls: {selfsigned: , minimumtls: TLS1.0}}") },
    /http\.tls\.minimumtls: tls1\.0 is not offered any more; the oldest version is tls1\.2$/,
  ],
  [
    "no certificate at all",
    { text: withFile("http: {tls: {minimumtls: tls1.3}}") },
    /no effect, since .*: plain HTTP$/,
  ],
  ["both", { text: withFile("http: {tls: {certificate: c, key: k, selfsigned: }}") }, /selfsigned: no effect, since/],
  ["names of no certificate", { flags: { http: [""], san: ["a"] } }, /^--san has no effect with --http/],
  [
    "a host without a scheme",
    { text: withFile("http: {host: registry.example.com}") },
    /^config\.yml:2:8: http\.host: ignored, and Location headers are relative, since it is not a URL with http/,
  ],
  [
    "a user of nothing",
    { env: { REGISTRY_PROXY_USERNAME: "x" } },
    /^REGISTRY_PROXY_USERNAME: proxy\.username: no effect without proxy\.remoteurl$/,
  ],
  [
    "metrics that nobody can read",
    { env: { REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: "true" } },
    /: http\.debug\.prometheus\.enabled: no effect without http\.debug\.addr/,
  ],
  [
    "a helper of nothing",
    { text: withFile("proxy: {exec: {command: x}}") },
    /: proxy\.exec\.command: no effect without/,
  ],
  [
    "a store on this machine for clients on others",
    { text: withFile("storage: {s3: {bucket: b, regionendpoint: 'http://localhost:9000'}}") },
    /^config\.yml:2:\d+: storage\.s3\.regionendpoint: clients are sent there for blobs, and only this machine reaches it/,
  ],
  [
    "the same without a scheme",
    { text: withFile("http: {addr: '[::]:5000'}\nstorage: {s3: {bucket: b, regionendpoint: '127.0.0.1:9000'}}") },
    /: storage\.s3\.regionendpoint: clients are sent there/,
  ],
])("%s: a warning", async (_, written, want) => {
  expect((await load(written)).warnings).toEqual([expect.stringMatching(want)]);
});

test.each<[string, Parameters<typeof load>[0]]>([
  [
    "--http over a certificate",
    { text: withFile("http: {tls: {minimumtls: tls1.0, selfsigned: }}"), flags: { http: [""] } },
  ],
  [
    "a certificate from variables, without a file",
    { env: { REGISTRY_HTTP_TLS_CERTIFICATE: "c", REGISTRY_HTTP_TLS_KEY: "k" } },
  ],
  [
    "a store and clients on this machine",
    {
      text: withFile(
        "http: {addr: '127.0.0.1:5000'}\nstorage: {s3: {bucket: b, regionendpoint: 'http://localhost:9000'}}",
      ),
    },
  ],
  [
    "the same by IPv6",
    { text: withFile("http: {addr: '[::1]:5000'}\nstorage: {s3: {bucket: b, regionendpoint: 'http://[::1]:9000'}}") },
  ],
  [
    "a store on this machine that clients find elsewhere",
    {
      text: withFile("storage: {s3: {bucket: b, regionendpoint: 'localhost:9000', redirectendpoint: s3.example.com}}"),
    },
  ],
  [
    "a store on this machine that nobody is sent to",
    { text: withFile("storage: {redirect: {disable: true}, s3: {bucket: b, regionendpoint: 'localhost:9000'}}") },
  ],
  ["a host", { text: withFile("http: {host: 'https://registry.example.com'}") }],
])("%s: none", async (_, written) => {
  expect((await load(written)).warnings).toEqual([]);
});
