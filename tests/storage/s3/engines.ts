// Real object stores, each with a directory and a bucket of the test's own: versitygw, which .ci/run builds, and Ceph's
// gateway from Debian's packages.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { S3Client } from "../../../src/storage/s3/client.ts";
import { CurrentCredentials } from "../../../src/storage/s3/credentials.ts";
import { EngineClock } from "../../../src/storage/s3/engine-clock.ts";
import type { RetryLimits } from "../../../src/storage/s3/retries.ts";
import { freePort } from "../../cache/caches.ts";
import { environment, requireGoProgram, requireProgram, waitUntil } from "../../e2e/program.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { testCredentials } from "./bucket.ts";
import { startCeph } from "./ceph.ts";
import { bucketName } from "./engine-request.ts";

/** An object store with one empty bucket. */
export interface RealEngine extends AsyncDisposable {
  readonly endpoint: URL;
  readonly client: S3Client;
  readonly objects: BucketObjects;
  /** Kills what answers requests, or stops it in the middle of what it does; returns what lets it go on. */
  halt(how: Halt): Promise<() => Promise<void>>;
  /** Kills what answers requests, and starts it again. */
  restart(): Promise<void>;
}

/** How a store stops answering: connections are refused, or taken by nobody. */
export type Halt = "killed" | "frozen";

/** Those that are there, by name. Ceph's gateway copies whatever the conditions on the source. */
export const engines: readonly (readonly [string, () => Promise<RealEngine>])[] = [
  ...(requireGoProgram("versitygw") ? [["versitygw", startVersityGateway] as const] : []),
  ...(requireProgram("radosgw", "radosgw") && requireProgram("ceph-osd", "ceph-osd")
    ? [["Ceph", startGateway] as const]
    : []),
];

/** One that is quick to start. */
export async function startVersityGateway(): Promise<RealEngine> {
  const home = temporaryDirectory();
  const directory = join(home.path, "buckets");
  mkdirSync(directory);
  const port = freePort();
  const { accessKeyId, secretAccessKey } = await testCredentials.get();
  const log = Bun.file(join(home.path, "log"));
  const spawn = () =>
    Bun.spawn(["versitygw", "--port", `127.0.0.1:${port}`, "--quiet", "posix", directory], {
      env: environment({ ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey }),
      stdin: "ignore",
      stdout: "ignore",
      stderr: log,
    });
  let child = spawn();
  const kill = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return await withBucket(new URL(`http://127.0.0.1:${port}`), {
    halt: async (how) => {
      if (how === "frozen") {
        child.kill("SIGSTOP");
        return async () => child.kill("SIGCONT");
      }
      await kill();
      return async () => {
        child = spawn();
      };
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      home[Symbol.dispose]();
    },
  });
}

async function startGateway(): Promise<RealEngine> {
  const ceph = await startCeph(await testCredentials.get());
  return await withBucket(ceph.endpoint, ceph);
}

/** The program behind it. */
type Running = Pick<RealEngine, "halt" | typeof Symbol.asyncDispose>;

async function withBucket(endpoint: URL, running: Running): Promise<RealEngine> {
  const client = clientOf(endpoint);
  try {
    await untilAnswering(endpoint);
    await client.ask({ method: "PUT", key: "" });
    const halt = async (how: Halt) => {
      const goOn = await running.halt(how);
      return async () => {
        await goOn();
        await untilAnswering(endpoint);
      };
    };
    return {
      endpoint,
      client,
      objects: new BucketObjects(client),
      halt,
      restart: async () => await (await halt("killed"))(),
      [Symbol.asyncDispose]: async () => await running[Symbol.asyncDispose](),
    };
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

async function untilAnswering(endpoint: URL): Promise<void> {
  const isAnswering = () =>
    fetch(endpoint).then(
      () => true,
      () => false,
    );
  await waitUntil("the object store answers", isAnswering, { deadlineMs: 120_000 });
}

/** A client of its own, as another node has it. */
export function clientOf(
  endpoint: URL,
  { prefix = "", limits }: { readonly prefix?: string; readonly limits?: RetryLimits } = {},
): S3Client {
  return new S3Client({
    bucket: { endpoint, bucket: bucketName, isPathStyle: true, prefix },
    region: "us-east-1",
    credentials: new CurrentCredentials(testCredentials, Date.now),
    clock: new EngineClock(),
    send: fetch,
    userAgent: "registry",
    tls: { isUnverified: false },
    ...(limits === undefined ? {} : { limits }),
  });
}
