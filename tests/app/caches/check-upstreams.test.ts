import { expect, test } from "bun:test";
import { checkUpstreams } from "../../../src/app/caches/check-upstreams.ts";
import { RegistryError } from "../../../src/oci/errors.ts";

test("checkUpstreams() notes each upstream that is in the way, unless its request told already, and never throws", async () => {
  const notes: unknown[] = [];
  const failing = (host: string, error: Error) => ({ host, check: async () => Promise.reject(error) });
  const upstreams = [
    { host: "a", check: async () => undefined },
    failing("b", new RegistryError("UPSTREAM_DENIED", { message: "the token server b refuses the credentials" })),
    failing("c", new RegistryError("UPSTREAM_UNREACHABLE", { message: "c cannot be reached" })),
    failing("d", new Error("of its own")),
  ];
  await checkUpstreams(upstreams, { note: (host, reason) => void notes.push([host, reason]) });
  expect(notes).toEqual([
    ["b", "the token server b refuses the credentials"],
    ["d", "of its own"],
  ]);
});
