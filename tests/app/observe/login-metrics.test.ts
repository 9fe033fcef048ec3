import { expect, test } from "bun:test";
import { withLoginMetrics } from "../../../src/app/observe/login-metrics.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { samplesOf } from "../../samples.ts";

test("logins are counted, and told to the audit log where there is one", async () => {
  const metrics = new Metrics();
  const told: string[] = [];
  const note = withLoginMetrics(async ({ name }) => void told.push(name), metrics);
  await note({ name: "alice", remote: "", problem: undefined });
  await note({ name: "bob", remote: "", problem: "wrong password" });
  await withLoginMetrics(undefined, new Metrics())({ name: "carol", remote: "", problem: undefined });
  expect([told, await samplesOf(metrics)]).toEqual([
    ["alice", "bob"],
    ['registry_auth_logins_total{outcome="succeeded"} 1', 'registry_auth_logins_total{outcome="failed"} 1'],
  ]);
});
