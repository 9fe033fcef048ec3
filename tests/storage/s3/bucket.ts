// A bucket in the store of the tests, or in a real one, as the driver sees it.
import { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { S3Client } from "../../../src/storage/s3/client.ts";
import { CurrentCredentials } from "../../../src/storage/s3/credentials.ts";
import { EngineClock } from "../../../src/storage/s3/engine-clock.ts";
import type { RequestSlots } from "../../../src/storage/s3/request-slots.ts";
import type { RetryLimits } from "../../../src/storage/s3/retries.ts";
import { Engine, type EngineOptions } from "./engine.ts";
import { bucketName } from "./engine-request.ts";

/** Requests of a node, to a store of its own or one that it shares. */
export interface TestBucket {
  readonly engine: Engine;
  readonly client: S3Client;
  readonly objects: BucketObjects;
  /** The pauses that were waited, in milliseconds. */
  readonly pauses: number[];
}

export interface TestBucketOptions extends EngineOptions {
  readonly engine?: Engine;
  /** How far the node's clock is ahead. */
  readonly aheadMs?: number;
  readonly limits?: RetryLimits;
  readonly slots?: RequestSlots;
  readonly newHeaders?: Readonly<Record<string, string>>;
  readonly isQuoted?: boolean;
  /** Below which everything lies. */
  readonly prefix?: string;
}

export const testCredentials = {
  name: "the test's own",
  get: async () => ({ accessKeyId: "testkey123", secretAccessKey: "testsecret123", signingKeys: new Map() }),
};

export function openBucket(options: TestBucketOptions = {}): TestBucket {
  const {
    engine = new Engine(options),
    aheadMs = 0,
    limits,
    slots,
    newHeaders = {},
    isQuoted = false,
    prefix = "",
  } = options;
  const pauses: number[] = [];
  const client = new S3Client({
    bucket: { endpoint: new URL("http://store.test"), bucket: bucketName, isPathStyle: true, prefix },
    region: "us-east-1",
    credentials: new CurrentCredentials(testCredentials, () => engine.nowMs),
    clock: new EngineClock(
      () => engine.nowMs + aheadMs,
      () => engine.nowMs,
    ),
    send: engine.send,
    userAgent: "registry",
    tls: { isUnverified: false },
    wait: async (ms) => void pauses.push(ms),
    random: () => 0,
    ...(limits === undefined ? {} : { limits }),
    ...(slots === undefined ? {} : { slots }),
  });
  return { engine, client, objects: new BucketObjects(client, { newHeaders, isQuoted }), pauses };
}

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
