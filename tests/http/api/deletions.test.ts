import { describe, expect, test } from "bun:test";
import { refuseOtherSites } from "../../../src/http/api/deletions.ts";
import { RegistryError } from "../../../src/oci/errors.ts";
import { type MemoryRegistry, memoryRegistry } from "../memory-registry.ts";
import { get, post, pushTagged } from "./asked-api.ts";

const plan = (memory: MemoryRegistry, body: unknown, headers?: Record<string, string>) =>
  post(memory, "repositories/team/app/deletion-plan", body, headers);
const carryOut = (memory: MemoryRegistry, body: unknown, headers?: Record<string, string>) =>
  post(memory, "repositories/team/app/deletions", body, headers);

test("a plan is shown, and carried out as it was shown", async () => {
  const memory = memoryRegistry();
  const digest = await pushTagged(memory, "team/app", "v1");
  const planned = await plan(memory, { filter: "v*", tags: ["no"] });
  expect(planned).toMatchObject({
    ...{ status: 200, name: "team/app", isComplete: true, problems: 0, keptCount: 0, refusedCount: 0 },
    tags: [{ tag: "v1", digest }],
    manifests: [{ digest, because: "untagged", mediaType: "application/vnd.oci.image.manifest.v1+json" }],
    kept: [],
    refused: [],
    unknown: ["no"],
    freed: { isExact: true, from: null, by: null },
    shared: { blobs: 0, sizeBytes: 0 },
  });
  const order = { tags: planned.tags, manifests: [digest] };
  expect(await carryOut(memory, order)).toEqual({
    ...{ status: 200, name: "team/app", kept: [], keptCount: 0 },
    tags: [{ tag: "v1", digest }],
    manifests: [digest],
  });
  expect((await get(memory, "repositories")).repositories).toEqual([]);
  expect((await carryOut(memory, order)).status).toBe(404);
});

test("what was moved meanwhile stays, and is told", async () => {
  const memory = memoryRegistry();
  const digest = await pushTagged(memory, "team/app", "v1");
  const wrong = digest.replace(/.{8}$/, "00000000");
  expect(await carryOut(memory, { tags: [{ tag: "v1", digest: wrong }] })).toMatchObject({
    ...{ tags: [], manifests: [], keptCount: 1 },
    kept: [{ tag: "v1", reason: "the tag points to another manifest now" }],
  });
});

describe("a deletion is refused", () => {
  test.each([
    ["from a form", 400, { "Content-Type": "application/x-www-form-urlencoded" }],
    ["without a type", 400, {}],
    ["from another site", 403, { "Content-Type": "application/json", "Sec-Fetch-Site": "cross-site" }],
  ])("%s: %d", async (_what, status, headers) => {
    const memory = memoryRegistry();
    const digest = await pushTagged(memory, "team/app", "v1");
    expect((await plan(memory, { repository: true }, headers)).status).toBe(status);
    expect((await carryOut(memory, { manifests: [digest] }, headers)).status).toBe(status);
    expect(await get(memory, "repositories/team/app/tags")).toMatchObject({ total: 1 });
  });

  test.each([
    [{ isDeleteEnabled: false, isReadOnly: false }, "deletion is disabled (storage.delete.enabled)"],
    [{ isDeleteEnabled: true, isReadOnly: true }, "this registry is read-only (storage.maintenance.readonly)"],
  ])("where %p", async (switches, message) => {
    const memory = memoryRegistry({ switches });
    for (const ask of [plan, carryOut]) {
      const answer = await ask(memory, { repository: true });
      expect(answer).toMatchObject({ status: 405, errors: [{ code: "UNSUPPORTED", message }] });
    }
  });

  test("with a body that is wrong, or too large", async () => {
    const memory = memoryRegistry();
    await pushTagged(memory, "team/app", "v1");
    expect((await plan(memory, { tags: [1] })).status).toBe(400);
    expect((await plan(memory, { tags: ["x".repeat(5 * 1024 * 1024)] })).status).toBe(413);
  });
});

const json = "application/json";

test.each([
  [{ "Content-Type": json }, undefined],
  [{ "Content-Type": "Application/JSON; charset=utf-8", "Sec-Fetch-Site": "same-origin" }, undefined],
  [{ "Content-Type": json, "Sec-Fetch-Site": "none" }, undefined],
  [{ "Content-Type": json, "Sec-Fetch-Site": "cross-site" }, "DENIED"],
  [{ "Content-Type": json, "Sec-Fetch-Site": "same-site" }, "DENIED"],
  [{}, "REQUEST_INVALID"],
  [{ "Content-Type": "text/plain" }, "REQUEST_INVALID"],
  [{ "Content-Type": "text/plain; application/json" }, "REQUEST_INVALID"],
  [{ "Content-Type": "application/x-www-form-urlencoded" }, "REQUEST_INVALID"],
  [{ "Content-Type": "multipart/form-data; boundary=x" }, "REQUEST_INVALID"],
] as const)("refuseOtherSites() of %p", (headers, want) => {
  const refuse = () => {
    try {
      refuseOtherSites(new Request("http://registry.test/", { method: "POST", headers }));
      return undefined;
    } catch (error) {
      return error instanceof RegistryError ? error.code : error;
    }
  };
  expect(refuse()).toBe(want);
});
