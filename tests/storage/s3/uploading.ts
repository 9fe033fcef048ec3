// Two nodes that upload to one bucket.
import { PartMemory } from "../../../src/storage/s3/part-memory.ts";
import type { HeldUpload } from "../../../src/storage/s3/upload.ts";
import { BucketUploads } from "../../../src/storage/s3/uploads.ts";
import { openBucket } from "./bucket.ts";

export function uploading() {
  const bucket = openBucket();
  let count = 0;
  const node = ({ objects }: Pick<typeof bucket, "objects">) => {
    const memory = new PartMemory(0);
    return { uploads: new BucketUploads(objects, { memory, newId: () => `id-${++count}` }), memory };
  };
  return { ...bucket, one: node(bucket), two: node(openBucket({ engine: bucket.engine })) };
}

/** The upload that tests go on with. */
export const uploadKey = "_uploads/1/data";

/** The two nodes, with an upload that was begun. */
export async function begun() {
  const nodes = uploading();
  await nodes.one.uploads.create(uploadKey, {});
  const hold = async (node: typeof nodes.one, options: { target?: string } = {}): Promise<HeldUpload> => {
    const upload = await node.uploads.open(uploadKey, options);
    if (upload === undefined) throw new Error("no upload");
    return upload;
  };
  return { ...nodes, hold };
}

/** What a request of one node appends. */
export async function append(
  { hold }: Awaited<ReturnType<typeof begun>>,
  node: Parameters<typeof hold>[0],
  bytes: Uint8Array,
) {
  await using upload = await hold(node);
  await upload.append([bytes]);
}
