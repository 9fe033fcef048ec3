// The store in a bucket, as this node opens it: what is under way lies in a directory of its own.
import { hostname } from "node:os";
import type { Configuration } from "../../config/schema.ts";
import { openBucketDriver } from "../../storage/s3/bucket-driver.ts";
import type { BucketObjects } from "../../storage/s3/bucket-objects.ts";
import { canUseDirectory } from "./data-directory.ts";
import { openNodeDirectory } from "./node-directory.ts";
import { openBucket } from "./open-bucket.ts";
import { SharedFiles } from "./shared-files.ts";

/** How long a client may take until it begins to read where it was sent. */
const redirectSeconds = 20 * 60;
/** For parts of uploads on their way, in each process. */
const partMemoryBytes = 128 * 1024 * 1024;

/** What opening needs from the process. */
interface BucketStoreDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Receives warnings for the operator. */
  readonly warn: (warning: string) => void;
  /** Whether it is for a command, which serves no requests. */
  readonly isCommand?: boolean | undefined;
}

/** A store in a bucket. */
export interface OpenedBucketStore {
  readonly driver: ReturnType<typeof openBucketDriver>;
  /** The time by the object store's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The node's own. */
  readonly dataDirectory: string;
  /** Where the data lies, for a person. */
  readonly place: string;
  readonly shared: SharedFiles;
  /** The same objects, which nobody else may read whatever `objectacl` says. */
  readonly secrets: BucketObjects;
  /** Whether anything may be collected or deleted. */
  readonly mayRemove: boolean;
}

/** Opens it; throws a StartError. */
export async function openBucketStore(
  { storage }: Configuration,
  { env, now, warn, isCommand }: BucketStoreDependencies,
): Promise<OpenedBucketStore> {
  const { s3, maintenance, redirect } = storage;
  const isReadOnly = maintenance.readonly.enabled;
  const { objects, secrets, traits, place, redirectEndpoint } = await openBucket(s3, {
    env,
    now,
    send: fetch,
    isReadOnly,
  });
  for (const warning of traits.warnings) warn(warning);
  const directory = openNodeDirectory({ scratch: s3.scratch, bucket: place }, { env, canUse: canUseDirectory });
  const driver = openBucketDriver({
    objects,
    traits,
    scratch: directory,
    newId: () => crypto.randomUUID(),
    holder: `process ${process.pid} on ${hostname()}`,
    partMemoryBytes,
    isUnread: isCommand,
    redirects: redirect.disable ? undefined : { seconds: redirectSeconds, endpoint: redirectEndpoint },
  });
  return {
    driver,
    now: () => objects.client.options.clock.now(),
    dataDirectory: directory,
    place,
    secrets,
    shared: new SharedFiles(secrets, { directory, isReadOnly }),
    mayRemove: traits.isExpiryEnforced,
  };
}
