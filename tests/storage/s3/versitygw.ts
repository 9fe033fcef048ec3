// A real object store on a directory of the test's own: versitygw, which .ci/run builds.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { S3Client } from "../../../src/storage/s3/client.ts";
import { CurrentCredentials } from "../../../src/storage/s3/credentials.ts";
import { EngineClock } from "../../../src/storage/s3/engine-clock.ts";
import { freePort } from "../../cache/caches.ts";
import { environment, waitUntil } from "../../e2e/program.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { testCredentials } from "./bucket.ts";
import { bucketName } from "./engine-request.ts";

/** An object store with one empty bucket. */
export interface RealEngine extends AsyncDisposable {
  readonly endpoint: URL;
  readonly client: S3Client;
  readonly objects: BucketObjects;
}

export async function startVersityGateway(): Promise<RealEngine> {
  const home = temporaryDirectory();
  const directory = join(home.path, "buckets");
  mkdirSync(directory);
  const port = freePort();
  const { accessKeyId, secretAccessKey } = await testCredentials.get();
  const child = Bun.spawn(["versitygw", "--port", `127.0.0.1:${port}`, "--quiet", "posix", directory], {
    env: environment({ ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey }),
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(home.path, "log")),
  });
  const endpoint = new URL(`http://127.0.0.1:${port}`);
  const client = clientOf(endpoint);
  const dispose = async () => {
    child.kill("SIGKILL");
    await child.exited;
    home[Symbol.dispose]();
  };
  try {
    await waitUntil("versitygw answers", () =>
      fetch(endpoint).then(
        () => true,
        () => false,
      ),
    );
    await client.ask({ method: "PUT", key: "" });
    return { endpoint, client, objects: new BucketObjects(client), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A client of its own, as another node has it. */
export function clientOf(endpoint: URL): S3Client {
  return new S3Client({
    bucket: { endpoint, bucket: bucketName, isPathStyle: true },
    region: "us-east-1",
    credentials: new CurrentCredentials(testCredentials, Date.now),
    clock: new EngineClock(),
    send: fetch,
    userAgent: "registry",
    tls: { isUnverified: false },
  });
}
