import { expect, test } from "bun:test";
import { parseCipherSuites } from "../../src/config/cipher-suites.ts";
import { load, problemsOf } from "./written-file.ts";

test.each([
  [[], { offered: [], refused: [] }],
  [["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"], { offered: ["ECDHE-RSA-AES128-GCM-SHA256"], refused: [] }],
  [
    ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA,TLS_AES_128_GCM_SHA256"],
    { offered: ["ECDHE-RSA-AES128-GCM-SHA256"], refused: ["TLS_RSA_WITH_AES_128_CBC_SHA"] },
  ],
  [["TLS_AES_128_GCM_SHA256", "ECDHE"], { unknown: "ECDHE" }],
])("parseCipherSuites(%j)", (written, want) => {
  expect(parseCipherSuites(written)).toEqual(want as never);
});

const withSuites = (suites: string) => `version: 0.1\nhttp: {tls: {certificate: c, key: k, ${suites}}}\n`;

test.each([
  ["ciphersuites: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", []],
  [
    "ciphersuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA]",
    [
      "config.yml:2:38: http.tls.ciphersuites: not offered, since they lack forward secrecy or authenticated encryption: " +
        "TLS_RSA_WITH_AES_128_CBC_SHA",
    ],
  ],
  [
    "minimumtls: tls1.3, ciphersuites: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    ["config.yml:2:58: http.tls.ciphersuites: no effect with minimumtls: tls1.3, which has its own"],
  ],
])("%s warns about %j", async (suites, want) => {
  expect((await load({ text: withSuites(suites) })).warnings).toEqual(want);
});

test.each([
  ["[ECDHE]", '"ECDHE" is no name of a cipher suite, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  [
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "none of them is offered for TLS 1.2; name one such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, or remove the key",
  ],
])("ciphersuites: %s is refused", async (suites, want) => {
  expect(await problemsOf({ text: withSuites(`ciphersuites: ${suites}`) })).toEqual([
    `config.yml:2:38: http.tls.ciphersuites: ${want}`,
  ]);
});
