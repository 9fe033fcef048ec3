// Two nodes that upload to one bucket.
import { PartMemory } from "../../../src/storage/s3/part-memory.ts";
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
