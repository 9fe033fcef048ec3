import { expect, test } from "bun:test";
import { memoryRegistry } from "../memory-registry.ts";
import { pushTagged } from "./asked-api.ts";

test.each(["session", "state", "usage", "repositories", "tree", "repositories/a/tags"])(
  "GET and HEAD of %s are answered with JSON that nobody keeps",
  async (path) => {
    const memory = memoryRegistry();
    await pushTagged(memory, "a", "v1");
    for (const method of ["GET", "HEAD"]) {
      const { status, headers } = await memory.ask(method, `/-/api/v1/${path}`);
      const told = ["content-type", "cache-control", "x-content-type-options"].map((name) => headers.get(name));
      expect([status, ...told]).toEqual([200, "application/json;charset=utf-8", "no-store", "nosniff"]);
    }
  },
);
