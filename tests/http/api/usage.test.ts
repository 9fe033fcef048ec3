import { expect, test } from "bun:test";
import { memoryRegistry } from "../memory-registry.ts";
import { get, pushTagged } from "./asked-api.ts";

test("GET usage tells what takes the space", async () => {
  const memory = memoryRegistry();
  await pushTagged(memory, "team/app", "v1");
  const usage = await get(memory, "usage");
  expect(usage).toMatchObject({
    status: 200,
    repositories: 1,
    tags: 1,
    manifests: 1,
    garbage: { waiting: { count: 0, sizeBytes: 0 }, trash: { count: 0 }, freeFrom: null, freeBy: null },
    uploads: { sessions: 0, sizeBytes: 0 },
    largest: [{ name: "team/app", tags: 1, garbageBytes: 0 }],
    problems: [],
  });
  expect(Object.keys(usage.space as object)).toEqual(["freeBytes", "totalBytes"]);
});
