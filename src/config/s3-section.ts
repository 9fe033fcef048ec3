// The section `storage.s3`: the bucket in which everything lies. The keys are distribution's; scratch, cache, ca and
// sessiontoken are ours.
import type * as z from "zod";
import { section } from "./about.ts";
import { boolean, count, oneOf, presence, size, text } from "./values.ts";

const noEffect = "Accepted for compatibility with distribution; no effect, since";

/** What cannot be read before it was restored. */
const coldClass = /^(?:GLACIER|DEEP_ARCHIVE)$/i;

const storageClass = text
  .refine((name) => !coldClass.test(name), "must be a class whose objects can be read at once, such as STANDARD")
  .optional();

/** Where an object store is, and how it is used; on if it is present. */
export const s3 = section({
  isOn: presence.prefault("false"),
  bucket: text.optional().describe("The bucket that holds everything; it must exist."),
  rootdirectory: text.optional().describe("The prefix below which everything lies in the bucket; empty: at its root."),
  region: text.optional().describe("The region of the bucket, such as us-east-1; needed without regionendpoint."),
  regionendpoint: text
    .optional()
    .describe("The object store, if it is not Amazon's, such as https://minio.example.com:9000."),
  redirectendpoint: text
    .optional()
    .describe("Where clients find the object store, if that is another address than regionendpoint."),
  forcepathstyle: boolean
    .optional()
    .describe("Whether the bucket is part of the path; by default with regionendpoint, otherwise of the host's name."),
  accesskey: text
    .optional()
    .describe("The access key; without it, AWS_* variables, a web identity, or the platform's metadata are used."),
  secretkey: text.optional().meta({ description: "The secret key of accesskey.", isSecret: true }),
  sessiontoken: text.optional().meta({
    description: "The session token of a temporary accesskey and secretkey.",
    isSecret: true,
  }),
  secure: boolean
    .prefault("true")
    .meta({ description: "Whether a regionendpoint without a scheme is spoken to over TLS.", isProtective: true }),
  skipverify: boolean.prefault("false").meta({
    description: "Whether any certificate of the object store is accepted; better name its authority with ca.",
    isProtective: true,
  }),
  ca: text.optional().describe("A file with certificates in PEM that are trusted for the object store."),
  v4auth: boolean
    .refine((isOn) => isOn, "must be true: requests are signed in version 4 only")
    .prefault("true")
    .describe("Whether requests are signed in version 4; false is refused, since version 2 protects less."),
  encrypt: boolean.prefault("false").meta({
    description: "Whether the object store encrypts what is written, with keys of its own or with keyid.",
    isProtective: true,
  }),
  keyid: text.optional().meta({ description: "The KMS key with which encrypt encrypts.", isProtective: true }),
  storageclass: storageClass.describe("The storage class of new objects, such as STANDARD_IA; NONE: not named."),
  objectacl: text.optional().meta({
    description: "The canned ACL of content, such as bucket-owner-full-control; keys and tokens are always private.",
    isProtective: true,
  }),
  usedualstack: boolean.prefault("false").describe("Whether Amazon's addresses for IPv4 and IPv6 are used."),
  accelerate: boolean.prefault("false").describe("Whether Amazon's transfer acceleration is used."),
  usefipsendpoint: boolean.prefault("false").describe("Whether Amazon's FIPS addresses are used."),
  useragent: text.optional().describe("The User-Agent of requests to the object store; by default registry."),
  scratch: text
    .optional()
    .describe(
      "A directory of this node for what is under way; by default one below where the data would be without a bucket.",
    ),
  cache: section({
    directory: text.optional().describe("Where blobs that are pulled are kept on this node; by default below scratch."),
    maxsize: size
      .optional()
      .describe("How much of that there may be, such as 50GB; then blobs are served from here, not redirected."),
  }),
  chunksize: count.prefault("10485760").describe(`${noEffect} parts grow with their number from 8 MiB on.`),
  multipartcopychunksize: count.prefault("33554432").describe(`${noEffect} copies are made in parts of 64 MiB.`),
  multipartcopymaxconcurrency: count.prefault("100").describe(`${noEffect} eight parts are copied at once.`),
  multipartcopythresholdsize: count.prefault("33554432").describe(`${noEffect} up to 64 MiB are copied at once.`),
  loglevel: oneOf(
    "off",
    "debug",
    "debugwithsigning",
    "debugwithhttpbody",
    "debugwithrequestretries",
    "debugwithrequesterrors",
    "debugwitheventstreambody",
  )
    .prefault("off")
    .describe(`${noEffect} requests to the object store are not logged.`),
}).meta({
  description: "Present: everything lies in a bucket of an S3-compatible object store, instead of a directory.",
});

/** The section as it was read. */
export type S3Settings = z.output<typeof s3>;
