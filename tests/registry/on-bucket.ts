// Two nodes on one bucket in memory, each with a registry; its clock, which is theirs as well, is turned by the test.
import type { BucketObjects } from "../../src/storage/s3/bucket-objects.ts";
import { openBucket } from "../storage/s3/bucket.ts";
import { openNode } from "../storage/s3/bucket-store.ts";
import { Engine } from "../storage/s3/engine.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type Stock, stockedOn } from "./stocked.ts";

/** A bucket, and who works on it. */
export interface StockedBucket extends Disposable {
  readonly engine: Engine;
  readonly stock: Stock;
  readonly other: Stock;
}

/** An empty one, with so few keys on a page that most listings have several. */
export function stockedBucket(): StockedBucket {
  const engine = new Engine({ pageSize: 3 });
  const scratch = temporaryDirectory({ isInMemory: true });
  const open = (objects: BucketObjects) => {
    const wait = (ms: number) => {
      engine.nowMs += ms;
    };
    return stockedOn(openNode(objects, { scratch: scratch.path }), () => engine.nowMs, wait);
  };
  const [stock, other] = [open(openBucket({ engine }).objects), open(openBucket({ engine }).objects)];
  return { engine, stock, other, [Symbol.dispose]: () => scratch[Symbol.dispose]() };
}
