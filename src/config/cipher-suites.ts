// Cipher suites by the names of Go, as distribution's http.tls.ciphersuites has them.

/** What becomes of a suite: TLS 1.2's by the name of OpenSSL; TLS 1.3 always has its own; others are not offered. */
const suites: Readonly<Record<string, string | "always" | "never">> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_AES_128_GCM_SHA256: "always",
  TLS_AES_256_GCM_SHA384: "always",
  TLS_CHACHA20_POLY1305_SHA256: "always",
  TLS_RSA_WITH_3DES_EDE_CBC_SHA: "never",
  TLS_RSA_WITH_AES_128_CBC_SHA: "never",
  TLS_RSA_WITH_AES_256_CBC_SHA: "never",
  TLS_RSA_WITH_AES_128_CBC_SHA256: "never",
  TLS_RSA_WITH_AES_128_GCM_SHA256: "never",
  TLS_RSA_WITH_AES_256_GCM_SHA384: "never",
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "never",
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "never",
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: "never",
  TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA: "never",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: "never",
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: "never",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: "never",
};

/** The suites of TLS 1.2 that are offered, by OpenSSL's names, and the named ones that are not, by Go's. */
export interface CipherSuites {
  readonly offered: readonly string[];
  readonly refused: readonly string[];
}

/** Reads a list of names, in which one entry may name several with commas between; or says which is none. */
export function parseCipherSuites(written: readonly string[]): CipherSuites | { readonly unknown: string } {
  const offered: string[] = [];
  const refused: string[] = [];
  for (const name of written.flatMap((entry) => entry.split(",")).map((entry) => entry.trim())) {
    const suite = suites[name];
    if (suite === undefined) return { unknown: name };
    if (suite === "never") refused.push(name);
    else if (suite !== "always") offered.push(suite);
  }
  return { offered, refused };
}
