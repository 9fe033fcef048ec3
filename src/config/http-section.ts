// The section `http`.
import * as z from "zod";
import { ignored, section, silent, unsupported } from "./about.ts";
import { parseCipherSuites } from "./cipher-suites.ts";
import { headers } from "./headers.ts";
import { limits } from "./limits-section.ts";
import {
  boolean,
  countUpTo,
  days,
  duration,
  externalUrl,
  listenAddress,
  networks,
  offKeys,
  oneOf,
  presence,
  subjectNames,
  text,
  texts,
  urlPrefix,
} from "./values.ts";

/** The two old versions are found in files of distribution 2; tls1.2 replaces them, with a warning. */
const minimumTls = z
  .string({ error: "must be tls1.2 or tls1.3" })
  .toLowerCase()
  .pipe(z.enum(["tls1.0", "tls1.1", "tls1.2", "tls1.3"], { error: "must be tls1.2 or tls1.3" }))
  .transform((version) => (version === "tls1.3" ? version : "tls1.2"));

const cipherSuites = z.array(text, { error: "must be a list of cipher suites" }).transform((names, check) => {
  const suites = parseCipherSuites(names);
  const isRefused = "unknown" in suites;
  const message = isRefused
    ? `${JSON.stringify(suites.unknown)} is no name of a cipher suite, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`
    : "none of them is offered for TLS 1.2; name one such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, or remove the key";
  if (!isRefused && (suites.offered.length > 0 || names.length === 0)) return suites;
  check.addIssue({ code: "custom", message });
  return z.NEVER;
});

const selfSigned = section({
  isOn: presence.prefault("true"),
  ...offKeys,
  sans: subjectNames.prefault([]).meta({
    description: "More names and IP addresses for the certificate, beside localhost, the host's name and addresses.",
    flag: "san",
  }),
  days: days.prefault("397").describe("How long the certificate is valid; it is renewed before it expires."),
  key: oneOf("ecdsa", "rsa4096").prefault("ecdsa").describe("The kind of the certificate's key: ecdsa or rsa4096."),
  directory: text
    .optional()
    .describe("Where the certificates and keys are kept; by default tls below the root directory."),
}).meta({
  description: "Present: serve HTTPS with a certificate that the registry makes, keeps and renews itself.",
  inFile: "false",
});

const tls = z
  .object({
    certificate: text.optional().describe("The file with the server's certificate chain in PEM; needs http.tls.key."),
    key: text.optional().describe("The file with the certificate's private key in PEM."),
    minimumtls: minimumTls.prefault("tls1.2").describe("The oldest TLS version offered: tls1.2 or tls1.3."),
    selfsigned: selfSigned,
    ciphersuites: cipherSuites
      .optional()
      .describe("The cipher suites of TLS 1.2 that are offered, by Go's names; by default all with forward secrecy."),
    clientcas: texts
      .prefault([])
      .describe("Files of authorities in PEM; callers must have a certificate of one of them."),
    clientauth: oneOf("require-and-verify-client-cert")
      .prefault("require-and-verify-client-cert")
      .describe("What is done with callers' certificates: they are always required and verified."),
    letsencrypt: unsupported(
      "this version does not fetch certificates; set http.tls.certificate and http.tls.key, or http.tls.selfsigned",
    ),
  })
  .check(({ value: { certificate, key }, issues }) => {
    if ((certificate === undefined) === (key === undefined)) return;
    const [given, missing] = key === undefined ? ["certificate", "key"] : ["key", "certificate"];
    issues.push({ code: "custom", path: [given], message: `needs http.tls.${missing} as well`, input: undefined });
  })
  .prefault({})
  .meta({ isProtective: true });

const prometheus = section({
  enabled: boolean.prefault("false").describe("Whether metrics are served on http.debug.addr for Prometheus."),
  path: text.prefault("/metrics").describe("The path of the metrics."),
});

/** More than any machine gains by. */
const maxWorkers = 256;

/** How clients are served. */
export const http = section({
  addr: listenAddress.prefault(":5000").meta({
    description: "The address to listen on, as host:port; without a host, every interface.",
    flag: "addr",
  }),
  net: z
    .literal("tcp", { error: "must be tcp; this version does not listen on sockets of other kinds" })
    .optional()
    .meta({ isProtective: true }),
  host: externalUrl
    .optional()
    .describe("The URL by which clients know the registry; Location headers begin with it, and are relative without."),
  prefix: urlPrefix
    .prefault("/")
    .describe(
      "The path below which the API is served, between slashes; /, /ca.crt, /livez and /readyz are served beside it.",
    ),
  relativeurls: boolean.prefault("false").describe("Whether Location headers are relative even with http.host."),
  headers: headers
    .prefault({})
    .describe("Headers of every response, each a name with a list of values; they replace the registry's own."),
  draintimeout: duration
    .prefault("30s")
    .describe("How long a server that stops waits for open requests, such as 30s (the default); 0s: not at all."),
  secret: silent,
  http2: ignored,
  h2c: ignored,
  trustedproxies: networks
    .prefault([])
    .describe("Proxies whose X-Forwarded-For, -Proto and -Host (or Forwarded) are believed: addresses and networks."),
  workers: countUpTo(maxWorkers).optional().meta({
    description:
      "How many processes answer requests; 0: one for each core. By default one with a file, else as cores and memory allow, up to 4.",
    flag: "workers",
  }),
  limits,
  tls,
  debug: section({
    addr: listenAddress
      .optional()
      .describe("A second address, over plain HTTP, for operators alone: /debug/health with its switch, and metrics."),
    prometheus,
  }),
});
