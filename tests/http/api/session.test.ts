import { expect, test } from "bun:test";
import { memoryRegistry } from "../memory-registry.ts";
import { get } from "./asked-api.ts";

test("GET session without access control", async () => {
  expect(await get(memoryRegistry(), "session")).toEqual({
    status: 200,
    user: null,
    kind: "anonymous",
    seesEverything: true,
    login: null,
    deletion: { isPossible: true, reason: null },
  });
});

test("GET session says why nothing can be deleted", async () => {
  const switches = { isDeleteEnabled: false, isReadOnly: false };
  expect((await get(memoryRegistry({ switches }), "session")).deletion).toEqual({
    isPossible: false,
    reason: "deletion is disabled (storage.delete.enabled)",
  });
});
