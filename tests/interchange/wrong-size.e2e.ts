// Manifests that say a wrong size, which registry:2 and registry:3 take: what they name is served as long as it is whole.
import { expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { plainArgs } from "../crash/killed-run.ts";
import { makeBytes } from "../crash/made-image.ts";
import { startRegistry } from "../e2e/executable.ts";
import { digestOf, withDigest } from "../e2e/image.ts";
import { findingsOf, runOn } from "../gc/run-command.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { foreignKinds, startForeign } from "./foreign-registry.ts";

const imageType = "application/vnd.oci.image.manifest.v1+json";
const [config, layer] = [makeBytes(100), makeBytes(50_000)];

test.each(foreignKinds)("a layer that a manifest of %s is wrong about", async (kind) => {
  using directory = temporaryDirectory();
  const data = directory.path;
  {
    await using foreign = await startForeign(kind, data);
    for (const bytes of [config, layer]) {
      const session = await foreign.fetch("/v2/app/blobs/uploads/", { method: "POST" });
      const location = withDigest(session.headers.get("location") ?? "", digestOf(bytes));
      expect((await foreign.fetch(location, { method: "PUT", body: bytes })).status).toBe(201);
    }
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType: imageType,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(config), size: config.length },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: digestOf(layer), size: 7 }],
    });
    const headers = { "Content-Type": imageType };
    expect((await foreign.fetch("/v2/app/manifests/1", { method: "PUT", headers, body })).status).toBe(201);
  }
  await using registry = await startRegistry({ data, args: plainArgs });
  const path = `/v2/app/blobs/${digestOf(layer)}`;
  const whole = await registry.fetch(path);
  expect([whole.status, digestOf(await whole.bytes())]).toEqual([200, digestOf(layer)]);
  expect(findingsOf(await runOn(data, "verify"))).toEqual([
    expect.stringMatching(/^lost: sha256:\S+ it says that sha256:\S+ has 7 bytes, but it has 50000$/),
  ]);
  const hex = digestOf(layer).slice("sha256:".length);
  truncateSync(join(data, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data"), 30_000);
  const damaged = await registry.fetch(path);
  expect(damaged.status).toBe(404);
});
