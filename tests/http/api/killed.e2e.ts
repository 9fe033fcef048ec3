// A server that is killed in the middle of a deletion: what is left is sound, and the rest can be deleted after a restart.
import { expect, test } from "bun:test";
import { executable, startRegistry } from "../../e2e/executable.ts";
import { run, waitUntil } from "../../e2e/program.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const mediaType = "application/vnd.oci.image.manifest.v1+json";
const json = { "Content-Type": "application/json" };
const images = 200;

interface Plan {
  readonly tags: readonly { readonly tag: string; readonly digest: string }[];
  readonly manifests: readonly { readonly digest: string }[];
}

test("a kill in the middle of a deletion loses nothing that stays, and a second order finishes it", async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  const start = () => startRegistry({ data, args: ["--http"] });
  await using first = await start();
  const digest = `sha256:${Bun.CryptoHasher.hash("sha256", "content", "hex")}`;
  await first.fetch(`/v2/app/blobs/uploads/?digest=${digest}`, { method: "POST", body: "content" });
  const push = async (tag: string) => {
    const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: 7 };
    const body = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [], annotations: { tag } });
    const response = await first.fetch(`/v2/app/manifests/${tag}`, {
      method: "PUT",
      headers: { "Content-Type": mediaType },
      body,
    });
    expect(response.status).toBe(201);
  };
  for (let index = 0; index < images; index += 1) await push(`pr-${index}`);
  await push("stays");
  const planOf = async (registry: typeof first) => {
    const init = { method: "POST", headers: json, body: JSON.stringify({ filter: "pr-*" }) };
    return (await (await registry.fetch("/-/api/v1/repositories/app/deletion-plan", init)).json()) as Plan;
  };
  const carryOut = async (registry: typeof first, { tags, manifests }: Plan) => {
    const body = JSON.stringify({ tags, manifests: manifests.map((each) => each.digest) });
    const init = { method: "POST", headers: json, body };
    return (await registry.fetch("/-/api/v1/repositories/app/deletions", init)).status;
  };
  const countTags = async (registry: typeof first) => {
    const answer = await registry.fetch("/v2/app/tags/list");
    return ((await answer.json()) as { tags: readonly string[] }).tags.length;
  };
  const deletion = carryOut(first, await planOf(first)).catch(() => "cut off");
  await waitUntil("some are gone", async () => (await countTags(first)) <= images - 20);
  await first.kill();
  await deletion;

  expect((await run([executable, "verify", "--data", data])).code).toBeLessThan(2);
  await using second = await start();
  const left = await countTags(second);
  expect([left > 1, left < images]).toEqual([true, true]);
  expect((await second.fetch("/v2/app/manifests/stays")).status).toBe(200);
  expect(await carryOut(second, await planOf(second))).toBe(200);
  expect(await countTags(second)).toBe(1);
  expect((await run([executable, "verify", "--data", data])).code).toBe(0);
});
