import { expect, test } from "bun:test";
import { checkUpstreams } from "../../src/app/check-upstreams.ts";
import { RegistryError } from "../../src/oci/errors.ts";

test("checkUpstreams() warns of each upstream that is in the way, and never throws", async () => {
  const warnings: unknown[] = [];
  const refused = new RegistryError("UPSTREAM_UNREACHABLE", { message: "b cannot be reached: it refuses connections" });
  const upstreams = [
    { host: "a", check: async () => undefined },
    { host: "b", check: async () => Promise.reject(refused) },
  ];
  await checkUpstreams(upstreams, { warn: (message, fields) => void warnings.push([message, fields]) });
  expect(warnings).toEqual([
    ["an upstream cannot be used yet", { upstream: "b", reason: "b cannot be reached: it refuses connections" }],
  ]);
});
