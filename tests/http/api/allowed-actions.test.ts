import { expect, test } from "bun:test";
import { memoryRegistry } from "../memory-registry.ts";
import { get } from "./asked-api.ts";

const { api } = memoryRegistry().options;
const on = { isDeleteEnabled: true, isReadOnly: false };

test.each([
  [{ switches: on }, ["pull", "push", "delete"]],
  [{ switches: { ...on, isDeleteEnabled: false } }, ["pull", "push"]],
  [{ switches: { ...on, isReadOnly: true } }, ["pull"]],
  [{ switches: on, api: { ...api, isCached: (name: string) => name === "team/app" } }, ["pull"]],
])("what may be done by everybody: %p", async (changes, actions) => {
  const answer = await get(memoryRegistry(changes), "session?repository=team/app");
  expect(answer.repository).toEqual({ name: "team/app", actions });
});
