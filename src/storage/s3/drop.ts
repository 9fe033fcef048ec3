// Taking away what nobody relies on, which needs no announcement.
import type { BucketObjects } from "./bucket-objects.ts";
import { S3Failure } from "./failure.ts";

/** A request that went unanswered may take effect for so long; later the store refuses it. */
const seconds = 60;

/** Deletes an object; false if there is none. It is tried again for as long as one deletion would be good for. */
export async function dropObject(objects: BucketObjects, key: string): Promise<boolean> {
  if ((await objects.stat(key)) === undefined) return false;
  const expiring = { asOfMs: objects.client.options.clock.now(), seconds };
  const startedMs = performance.now();
  for (let attempts = 1; ; attempts += 1) {
    try {
      await objects.delete(key, { expiring });
      return true;
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      await objects.client.pause(error, { attempts, startedMs });
    }
  }
}
