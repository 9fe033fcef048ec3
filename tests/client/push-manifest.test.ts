import { expect, test } from "bun:test";
import { pushManifest } from "../../src/client/push-manifest.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { codeOf } from "../registry/refused.ts";
import { digestOf, tagged, utf8 } from "../registry/stocked.ts";
import { type Fault, impatient, startFaultyRegistry } from "../transfer/faulty-registry.ts";

const bytes = utf8('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}');
const mediaType = "application/vnd.oci.image.index.v1+json";

async function push(fault: Fault | undefined, algorithm: "sha256" | "sha512", ...tags: string[]) {
  await using registry = startFaultyRegistry();
  const paths: string[] = [];
  registry.fail(async (request) => {
    const url = new URL(request.url);
    paths.push(`${request.method} ${url.pathname.replace(/sha(\d+):\w+/, "D$1")}${url.search}`);
    return await fault?.(request);
  });
  const { api, name, now } = registry.repository("app");
  const manifest = { bytes, digest: hashBytes(bytes, algorithm), mediaType };
  const pushing = pushManifest({ client: api.client, name, now }, manifest, {
    tags: tags.map(tagged),
    patience: impatient,
  });
  return { code: await codeOf(pushing), paths };
}

test.each([
  ["sha256", [], ["PUT /v2/app/manifests/D256"]],
  ["sha256", ["v1", "v2"], ["PUT /v2/app/manifests/v1", "PUT /v2/app/manifests/v2"]],
  ["sha512", ["v1"], ["PUT /v2/app/manifests/D512?tag=v1"]],
] as const)("a manifest by %s goes to its tags %p", async (algorithm, tags, paths) => {
  expect(await push(undefined, algorithm, ...tags)).toEqual({ code: "done", paths: [...paths] });
});

test("a registry that changes manifests, or takes none, is told", async () => {
  const changed = () => new Response("", { status: 201, headers: { "Docker-Content-Digest": digestOf("other") } });
  expect((await push(changed, "sha256", "v1")).code).toBe("UPSTREAM_INVALID");
  expect((await push(() => new Response("", { status: 400 }), "sha256", "v1")).code).toBe("UPSTREAM_INVALID");
  const busy = await push(() => new Response("", { status: 503 }), "sha256", "v1");
  expect([busy.code, busy.paths.length]).toEqual(["UPSTREAM_UNAVAILABLE", impatient.attempts]);
});
