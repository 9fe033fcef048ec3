// Opens the configured bucket: how its store is spoken to, with which credentials, and what it can promise.
import { readFile } from "node:fs/promises";
import type { S3Settings } from "../../config/s3-section.ts";
import { errorCode, explainReadError, messageOf } from "../../lib/system-error.ts";
import { BucketObjects } from "../../storage/s3/bucket-objects.ts";
import { type BucketPlan, planBucket } from "../../storage/s3/bucket-settings.ts";
import { S3Client } from "../../storage/s3/client.ts";
import type { Send } from "../../storage/s3/connection.ts";
import { credentialSource } from "../../storage/s3/credential-chain.ts";
import { CurrentCredentials } from "../../storage/s3/credentials.ts";
import { EngineClock } from "../../storage/s3/engine-clock.ts";
import { S3Failure } from "../../storage/s3/failure.ts";
import { probeStore, type StoreTraits, UnfitStore } from "../../storage/s3/store-probe.ts";
import { StartError } from "../start-error.ts";

/** What opening needs from the process. */
export interface BucketDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly send: Send;
  /** Whether only reading is meant: then a bucket that cannot be written will do. */
  readonly isReadOnly: boolean;
}

/** A bucket that can carry a registry. */
export interface OpenedBucket {
  readonly objects: BucketObjects;
  /** The same objects, which nobody else may read whatever `objectacl` says. */
  readonly secrets: BucketObjects;
  readonly traits: StoreTraits;
  /** The bucket, for a person: `s3://bucket/prefix at host`. */
  readonly place: string;
  /** Where readers find the store; undefined: where we do. */
  readonly redirectEndpoint: URL | undefined;
}

const unsaid = {
  ...{ bucket: undefined, region: undefined, regionendpoint: undefined, forcepathstyle: undefined },
  ...{ rootdirectory: undefined, keyid: undefined, storageclass: undefined, objectacl: undefined },
};

/** What is known of a store that may only be read: nothing, so nothing that needs it is done. */
const unprobed: StoreTraits = { isQuoted: false, isExpiryEnforced: false, areEtagsMd5: false, warnings: [] };

/** What can be told of the bucket without asking its store: the plan, or what is wrong with it. */
export function planConfiguredBucket(settings: S3Settings): ReturnType<typeof planBucket> {
  return planBucket({ ...unsaid, ...settings });
}

/** Opens it; throws a StartError that says what is in the way. */
export async function openBucket(settings: S3Settings, dependencies: BucketDependencies): Promise<OpenedBucket> {
  const plan = planConfiguredBucket(settings);
  if ("problem" in plan) throw new StartError(plan.problem);
  const redirectEndpoint = parseRedirectEndpoint(settings);
  const client = await clientOf(plan, settings, dependencies);
  const { newHeaders } = plan;
  const traits = await probe(new BucketObjects(client, { newHeaders }), dependencies);
  const { isQuoted } = traits;
  const { "x-amz-acl": _acl, ...privately } = newHeaders;
  return {
    objects: new BucketObjects(client, { newHeaders, isQuoted }),
    secrets: new BucketObjects(client, { newHeaders: privately, isQuoted }),
    traits,
    place: describePlace(plan),
    redirectEndpoint,
  };
}

/** `s3://bucket/prefix at host`. */
function describePlace({ address: { bucket, prefix, endpoint } }: BucketPlan): string {
  return `s3://${bucket}/${prefix} at ${endpoint.host}`;
}

function parseRedirectEndpoint({ redirectendpoint: written, secure }: S3Settings): URL | undefined {
  if (written === undefined) return undefined;
  const url = URL.parse(/^https?:\/\//i.test(written) ? written : `${secure ? "https" : "http"}://${written}`);
  if (url === null || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw new StartError("storage.s3.redirectendpoint must be like https://host:port");
  }
  return url;
}

async function clientOf(
  { address, region }: BucketPlan,
  settings: S3Settings,
  { env, now, send }: BucketDependencies,
): Promise<S3Client> {
  const { accesskey: accessKey, secretkey: secretKey, sessiontoken: sessionToken } = settings;
  const source = credentialSource({
    accessKey,
    secretKey,
    sessionToken,
    region,
    environment: env,
    readFile: (path) => readFile(path, "utf8"),
    send,
  });
  return new S3Client({
    bucket: address,
    region,
    credentials: new CurrentCredentials(source, now),
    clock: new EngineClock(now),
    send,
    userAgent: settings.useragent ?? "registry",
    tls: { ca: await readAuthorities(settings.ca), isUnverified: settings.skipverify },
  });
}

async function readAuthorities(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new StartError(`${path} (storage.s3.ca): ${explainReadError(error)}`);
  }
}

async function probe(objects: BucketObjects, { isReadOnly }: BucketDependencies): Promise<StoreTraits> {
  try {
    return await probeStore(objects, { prefix: "probe/", newId: () => crypto.randomUUID() });
  } catch (error) {
    if (isReadOnly && isForbidden(error)) return unprobed;
    // Without credentials, it is their source that says why.
    if (error instanceof UnfitStore || errorCode(error) === "ES3") throw new StartError(messageOf(error));
    throw error;
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof UnfitStore && error.cause instanceof S3Failure && error.cause.status === 403;
}
