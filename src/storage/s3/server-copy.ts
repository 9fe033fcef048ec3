// Copies that the store makes by itself, whatever the object's size.
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { abortMultipart, completeMultipart, copyPart, createMultipart, type StoredPart } from "./multipart.ts";

/** When a copy is made in parts, and how. */
export interface CopyPlan {
  /** Up to this size one request copies everything. */
  readonly wholeBytes: number;
  readonly partBytes: number;
  readonly concurrency: number;
}

/** A gigabyte takes some seconds so, and half a minute in one request. */
export const defaultCopyPlan: CopyPlan = { wholeBytes: 64 * 1024 ** 2, partBytes: 64 * 1024 ** 2, concurrency: 8 };

const maxParts = 10_000;

/** A range of the source that becomes a part. */
export interface CopyRange {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** The ranges of an object of this size: even ones, as many as a store takes. */
export function planRanges(sizeBytes: number, { partBytes }: Pick<CopyPlan, "partBytes">): readonly CopyRange[] {
  const stepBytes = Math.max(partBytes, Math.ceil(sizeBytes / maxParts));
  const count = Math.ceil(sizeBytes / stepBytes);
  return Array.from({ length: count }, (_, index) => {
    return { number: index + 1, start: index * stepBytes, end: Math.min((index + 1) * stepBytes, sizeBytes) };
  });
}

/** Copies the object that was judged; false if another one is there by now, or none. */
export async function copyObject(
  objects: BucketObjects,
  { from, to, judged }: { readonly from: string; readonly to: string; readonly judged: ObjectStat },
  plan: CopyPlan = defaultCopyPlan,
): Promise<boolean> {
  if (judged.sizeBytes <= plan.wholeBytes) return (await objects.copy(from, to, { etag: judged.etag })) === true;
  const upload = await createMultipart(objects, to);
  try {
    const waiting = [...planRanges(judged.sizeBytes, plan)];
    const parts: StoredPart[] = [];
    const work = async () => {
      for (let range = waiting.shift(); range !== undefined; range = waiting.shift()) {
        parts.push(await copyPart(objects, upload, { ...range, from, etag: judged.etag }));
      }
    };
    await Promise.all(Array.from({ length: plan.concurrency }, work));
    const sorted = parts.sort((left, right) => left.number - right.number);
    return (await completeMultipart(objects, upload, sorted)) !== undefined;
  } catch (error) {
    await abortMultipart(objects, upload).catch(() => {});
    throw error;
  }
}
