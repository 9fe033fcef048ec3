// What keys of a configuration file do to the running executable, and what it shows of them.
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { minimal, startWith } from "./configured.ts";
import { executable, type StartedRegistry } from "./executable.ts";
import { run, waitUntil } from "./program.ts";

describe("pages", () => {
  const empty = { mediaType: "application/vnd.oci.empty.v1+json", size: 2 };
  const config = { ...empty, digest: `sha256:${new Bun.CryptoHasher("sha256").update("{}").digest("hex")}` };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });

  async function push(registry: StartedRegistry, name: string, tag: string): Promise<void> {
    const upload = `/v2/${name}/blobs/uploads/?digest=${config.digest}`;
    const stored = await registry.fetch(upload, { method: "POST", body: "{}" });
    const headers = { "Content-Type": mediaType };
    const tagged = await registry.fetch(`/v2/${name}/manifests/${tag}`, { method: "PUT", headers, body: manifest });
    expect([stored.status, tagged.status]).toEqual([201, 201]);
  }

  test.each([
    ["a file", "catalog: {maxentries: 2}\ntags: {maxtags: 2}\n", {}],
    ["variables", "", { REGISTRY_CATALOG_MAXENTRIES: "2", REGISTRY_TAGS_MAXTAGS: "2" }],
  ])("have at most what catalog.maxentries and tags.maxtags in %s say", async (_name, text, env) => {
    await using registry = await startWith(minimal + text, { env });
    for (const name of ["a", "b", "c"]) await push(registry, name, "v1");
    for (const tag of ["v2", "v3"]) await push(registry, "a", tag);
    const list = async (path: string) => {
      const answer = await registry.fetch(path);
      const { repositories, tags, errors } = (await answer.json()) as Record<string, readonly { code?: string }[]>;
      const link = answer.headers.get("link");
      return [answer.status, repositories ?? tags ?? errors?.map(({ code }) => code), link?.split(">")[0] ?? null];
    };
    expect({
      catalog: await list("/v2/_catalog"),
      larger: await list("/v2/_catalog?n=3"),
      tags: await list("/v2/a/tags/list"),
      cut: await list("/v2/a/tags/list?n=3"),
    }).toEqual({
      catalog: [200, ["a", "b"], "</v2/_catalog?n=2&last=b"],
      larger: [400, ["PAGINATION_NUMBER_INVALID"], null],
      // Who asks for no page gets them all, as there.
      tags: [200, ["v1", "v2", "v3"], null],
      cut: [200, ["v1", "v2"], "</v2/a/tags/list?n=2&last=v2"],
    });
  });
});

describe("a garbage collection of the server", () => {
  test.each([
    ["gc: {interval: 1s, grace: 0s}", true],
    ["gc: {disabled: true, interval: 1s, grace: 0s}", false],
    ["gc: {enabled: false, interval: 1s, grace: 0s}", false],
  ])("with %s runs: %p", async (gc, runs) => {
    // The check is seen to end, so that what does not run has had its time.
    await using registry = await startWith(`${minimal}${gc}\nverify: {interval: 3s}\n`);
    await waitUntil("the end of a check", () => registry.stderr().includes("checked everything stored"));
    expect(registry.stderr().includes("collected garbage")).toBe(runs);
  });
});

test("registry config masks every secret of a file, and of the environment", async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  const text = `${minimal}http: {secret: hunter1, host: "https://bob:hunter2@registry.example"}
proxy: {remoteurl: "https://ghcr.io", username: bob, password: hunter3}
redis: {password: hunter4}
log: {hooks: [{type: mail, options: {smtp: {password: hunter5}}}]}
notifications:
  endpoints: [{name: ci, url: "https://ci.example/?key=hunter6", headers: {Authorization: [hunter7]}}]
health: {http: [{uri: "https://a:hunter8@ci.example/", headers: {Authorization: [hunter9]}}]}
`;
  writeFileSync(file, text);
  const env = { REGISTRY_HTTP_SECRET: "hunter10", REGISTRY_AUTH_TOKEN: "{realm: 'https://x/?k=hunter11'}" };
  for (const words of [[], ["--json"]]) {
    const { stdout, stderr } = await run([executable, "config", file, ...words]);
    expect(stdout).toContain("proxy.password");
    expect(stdout + stderr).not.toContain("hunter");
    const refused = await run([executable, "config", file, ...words], { env });
    expect([refused.code, (refused.stdout + refused.stderr).includes("hunter")]).toEqual([1, false]);
  }
});
