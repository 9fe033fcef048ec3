// The official conformance program of the OCI distribution spec, with every optional part switched on, against the
// executable without a configuration.
import { describe, expect, test } from "bun:test";
import { runConformance } from "./conformance-suite.ts";
import { startRegistry } from "./executable.ts";
import { requireGoProgram } from "./program.ts";

const isThere = requireGoProgram("conformance");

/** Of registries that nobody reaches: local repositories do not ask them. */
const caches = {
  REGISTRY_PROXY_REMOTEURL: "https://registry.invalid",
  REGISTRY_PROXY_LOCAL: '["**"]',
  REGISTRY_PROXY_UPSTREAMS: "[{host: ghcr.io}, {host: docker.io}]",
};

describe.skipIf(!isThere)("the OCI conformance program", () => {
  test.each([
    { version: "stable", scheme: "https", beside: "nothing", env: {} },
    { version: "dev", scheme: "https", beside: "nothing", env: {} },
    { version: "stable", scheme: "http", beside: "nothing", env: {} },
    { version: "dev", scheme: "http", beside: "nothing", env: {} },
    { version: "dev", scheme: "http", beside: "caches", env: caches },
    { version: "dev", scheme: "https", beside: "a second worker", env: {}, workers: "2" },
  ] as const)(
    "passes every row: version $version over $scheme beside $beside",
    async ({ version, scheme, env, ...asked }) => {
      await using registry = await startRegistry({
        args: [...(scheme === "http" ? ["--http"] : []), "--workers", "workers" in asked ? asked.workers : "1"],
        env,
      });
      const ca = scheme === "http" ? undefined : registry.ca;
      const { total, counted, found, want } = await runConformance({ version, host: `localhost:${registry.port}`, ca });
      console.log(`conformance ${version} over ${scheme}: ${JSON.stringify(counted)}`);
      expect(found).toEqual(want);
      expect(total).toBeGreaterThan(700);
    },
  );
});
