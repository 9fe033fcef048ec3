// Clients that push, move tags, sign, delete and mount without a rest, in repositories of their own and in a shared one.
import { expect } from "bun:test";
import type { StartedRegistry } from "../e2e/executable.ts";
import { digestOf, pullImage, pushImage } from "../e2e/image.ts";

/** Attaches a signature to an image, and perhaps takes it away again. */
async function sign(
  registry: StartedRegistry,
  name: string,
  { bytes, isWithdrawn }: { readonly bytes: Uint8Array; readonly isWithdrawn: boolean },
): Promise<void> {
  const image = JSON.parse(new TextDecoder().decode(bytes)) as { readonly mediaType: string };
  const subject = { mediaType: image.mediaType, digest: digestOf(bytes), size: bytes.length };
  const body = JSON.stringify({ ...image, artifactType: "application/x-signature", subject });
  const path = `/v2/${name}/manifests/${digestOf(new TextEncoder().encode(body))}`;
  const put = await registry.fetch(path, { method: "PUT", headers: { "Content-Type": image.mediaType }, body });
  expect(put.status).toBe(201);
  if (isWithdrawn) expect((await registry.fetch(path, { method: "DELETE" })).status).toBe(202);
  const listed = await registry.fetch(`/v2/${name}/referrers/${subject.digest}`);
  const { manifests } = (await listed.json()) as { manifests: unknown[] };
  expect(manifests).toHaveLength(isWithdrawn ? 0 : 1);
}

/** What a client does. */
export interface Disturbance {
  readonly isOver: () => boolean;
  /** For how long collectors leave alone what nothing names: a push that takes longer may be refused between its parts. */
  readonly graceMs: number;
}

/** One client's life in a repository of its own and in one that all share; how many images it has pushed. */
export async function disturb(
  registry: StartedRegistry,
  id: number,
  { isOver, graceMs }: Disturbance,
): Promise<number> {
  let images = 0;
  while (!isOver()) {
    const startedMs = performance.now();
    try {
      await liveThrough(registry, id, images);
      images += 1;
    } catch (error) {
      if (performance.now() - startedMs < graceMs) throw error;
    }
  }
  return images;
}

async function liveThrough(registry: StartedRegistry, id: number, images: number): Promise<void> {
  const name = `team/app-${id}`;
  const tag = `t${images % 3}`;
  await pushImage(registry, name, { tag, layerBytes: 20_000 });
  await pullImage(registry, name, tag);
  await pushImage(registry, "team/shared", { tag: `by-${id}`, layerBytes: 10_000 });
  const manifest = await registry.fetch(`/v2/${name}/manifests/${tag}`);
  const digest = manifest.headers.get("docker-content-digest") ?? "";
  const bytes = await manifest.bytes();
  const { layers } = JSON.parse(new TextDecoder().decode(bytes)) as { layers: { digest: string }[] };
  await sign(registry, name, { bytes, isWithdrawn: images % 2 === 0 });
  for (const layer of layers) {
    const query = `mount=${encodeURIComponent(layer.digest)}&from=${name}`;
    await registry.fetch(`/v2/team/mounted-${id}/blobs/uploads/?${query}`, { method: "POST" });
  }
  const victim = images % 4 === 3 ? digest : tag;
  const deleted = await registry.fetch(`/v2/${name}/manifests/${victim}`, { method: "DELETE" });
  expect([202, 404]).toContain(deleted.status);
}
