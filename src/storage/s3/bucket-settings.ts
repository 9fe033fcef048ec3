// Where a bucket is and how its objects are written, from the settings that distribution's s3 driver has. Pure.
import type { BucketAddress } from "./address.ts";
import type { NewObjectHeaders } from "./bucket-objects.ts";

/** The settings, under their names in the configuration. */
export interface BucketSettings {
  readonly bucket: string | undefined;
  readonly region: string | undefined;
  /** The store, if it is not Amazon's; with or without its scheme. */
  readonly regionendpoint: string | undefined;
  /** Whether a store that is named without its scheme is spoken to by TLS. */
  readonly secure: boolean;
  readonly forcepathstyle: boolean | undefined;
  /** Below which prefix everything lies. */
  readonly rootdirectory: string | undefined;
  readonly encrypt: boolean;
  readonly keyid: string | undefined;
  readonly storageclass: string | undefined;
  readonly objectacl: string | undefined;
  readonly usedualstack: boolean;
  readonly accelerate: boolean;
  readonly usefipsendpoint: boolean;
}

/** What they come to. */
export interface BucketPlan {
  readonly address: BucketAddress;
  readonly region: string;
  readonly newHeaders: NewObjectHeaders;
}

const acls = [
  "private",
  "public-read",
  "public-read-write",
  "authenticated-read",
  "aws-exec-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
];
/** What a store does if it is told nothing. */
const defaultClasses = ["", "NONE", "STANDARD"];

/** The plan, or a sentence about the setting that is missing or wrong. */
export function planBucket(settings: BucketSettings): BucketPlan | { readonly problem: string } {
  const {
    bucket = "",
    region = "",
    regionendpoint = "",
    rootdirectory = "",
    objectacl = "private",
    keyid = "",
  } = settings;
  if (bucket === "") return { problem: "storage.s3.bucket is missing" };
  if (region === "" && regionendpoint === "") return { problem: "storage.s3.region is missing" };
  if (keyid !== "" && !settings.encrypt) return { problem: "storage.s3.keyid needs storage.s3.encrypt: true" };
  if (!acls.includes(objectacl)) return { problem: `storage.s3.objectacl must be one of ${acls.join(", ")}` };
  const endpoint = regionendpoint === "" ? amazonEndpoint(region, settings) : parseEndpoint(regionendpoint, settings);
  if (endpoint === undefined) return { problem: "storage.s3.regionendpoint must be like https://host:port" };
  const isPathStyle = settings.forcepathstyle ?? (regionendpoint !== "" || !isHostName(bucket));
  if (!isPathStyle && !isHostName(bucket))
    return { problem: `the bucket ${bucket} needs storage.s3.forcepathstyle: true` };
  const root = rootdirectory.split("/").filter((segment) => segment !== "");
  return {
    address: { endpoint, bucket, isPathStyle, prefix: root.map((segment) => `${segment}/`).join("") },
    region: region === "" ? "us-east-1" : region,
    newHeaders: newHeadersOf(settings, { objectacl, keyid }),
  };
}

/** A name that a certificate for `*.host` covers. */
function isHostName(bucket: string): boolean {
  return /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket);
}

function parseEndpoint(text: string, { secure }: BucketSettings): URL | undefined {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `${secure ? "https" : "http"}://${text}`);
  const isPlain = url !== null && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  return isPlain ? url : undefined;
}

function amazonEndpoint(region: string, settings: BucketSettings): URL {
  const { secure, accelerate, usedualstack, usefipsendpoint } = settings;
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const stack = usedualstack ? ".dualstack" : "";
  const host = accelerate
    ? `s3-accelerate${stack}.${domain}`
    : `s3${usefipsendpoint ? "-fips" : ""}${stack}.${region}.${domain}`;
  return new URL(`${secure ? "https" : "http"}://${host}`);
}

function newHeadersOf(
  { encrypt, storageclass = "" }: BucketSettings,
  { objectacl, keyid }: { readonly objectacl: string; readonly keyid: string },
): NewObjectHeaders {
  const headers: Record<string, string> = {};
  if (encrypt) headers["x-amz-server-side-encryption"] = keyid === "" ? "AES256" : "aws:kms";
  if (keyid !== "") headers["x-amz-server-side-encryption-aws-kms-key-id"] = keyid;
  if (!defaultClasses.includes(storageclass)) headers["x-amz-storage-class"] = storageclass;
  if (objectacl !== "private") headers["x-amz-acl"] = objectacl;
  return headers;
}
