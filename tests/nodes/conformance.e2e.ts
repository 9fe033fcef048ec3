// The official conformance program against one node on a bucket, and against three behind a proxy that gives each request
// to another one: a session is begun on one node, continued on the next and ended on a third.
import { describe, expect, test } from "bun:test";
import { runConformance } from "../e2e/conformance-suite.ts";
import { requireGoProgram } from "../e2e/program.ts";
import { requireHaproxy, startCluster } from "./cluster.ts";

const isThere = requireGoProgram("conformance") && requireGoProgram("versitygw") && requireHaproxy();

const streamed = { REGISTRY_STORAGE_REDIRECT_DISABLE: "true" };

describe.skipIf(!isThere)("the OCI conformance program", () => {
  test.each([
    { version: "stable", nodes: 1, how: "redirected", env: {} },
    { version: "dev", nodes: 3, how: "redirected", env: {} },
    { version: "stable", nodes: 3, how: "streamed", env: streamed },
  ] as const)("passes every row: version $version, nodes $nodes, blobs $how", async ({ version, nodes, env, how }) => {
    await using cluster = await startCluster({ nodes, env });
    const { total, counted, found, want } = await runConformance({
      version,
      host: cluster.host,
      ca: undefined,
      isRedirected: how === "redirected",
    });
    console.log(`conformance ${version} through ${nodes} nodes: ${JSON.stringify(counted)}`);
    expect(found).toEqual(want);
    expect(total).toBeGreaterThan(700);
  });
});
