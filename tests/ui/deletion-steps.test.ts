import { expect, test } from "bun:test";
import { listSteps } from "../../src/ui/deletion-steps.ts";

test("listSteps() cuts a plan into requests, tags first, and leaves nothing out", () => {
  const tags = Array.from({ length: 450 }, (_, index) => ({ tag: `t${index}`, digest: `sha256:${index}` }));
  const manifests = tags
    .slice(0, 201)
    .map(({ digest }) => ({ digest, mediaType: null, sizeBytes: 1, because: "untagged" as const }));
  const orders = listSteps({ tags, manifests });
  expect([
    orders.map((order) => [order.tags.length, order.manifests.length]),
    orders.flatMap((order) => order.tags),
    orders.flatMap((order) => order.manifests),
  ]).toEqual([
    [
      [200, 0],
      [200, 0],
      [50, 0],
      [0, 200],
      [0, 1],
    ],
    tags,
    manifests.map(({ digest, because }) => ({ digest, because })),
  ]);
});
