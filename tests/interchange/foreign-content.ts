// What is pushed, moved and deleted before another registry takes over.
import type { Client } from "../crash/client.ts";
import { makeBytes, makeImage, makeIndex, pushMade } from "../crash/made-image.ts";
import { digestOf } from "../e2e/image.ts";

/** A bit of everything: images of both kinds, an index, artifacts, a repository in another one, a mounted blob. */
export async function pushEverything(client: Client, { layerBytes = 200_000 } = {}): Promise<void> {
  const [amd64, arm64, plain] = [makeImage(), makeImage(), makeImage({ layerBytes })];
  await pushMade(client, "team/app", { image: plain, tag: "plain", way: "put" });
  await pushMade(client, "team/app", { image: makeImage({ isDocker: true }), tag: "docker", way: "put" });
  for (const image of [amd64, arm64]) await pushMade(client, "team/app", { image, tag: undefined, way: "put" });
  const index = makeIndex([amd64.manifest, arm64.manifest]);
  await client.pushManifest("team/app", index, "multi");
  await pushMade(client, "team/app", { image: makeImage({ subject: index }), tag: "sbom", way: "put" });
  await pushMade(client, "team/app", { image: makeImage({ subject: plain.manifest }), tag: "signature", way: "put" });
  await pushMade(client, "team", { image: plain, tag: "nested", way: "put" });
  await client.mountBlob("team-b", "team/app", digestOf(plain.layer));
  await client.pushBlob("team-b", plain.config, "put");
  await client.pushManifest("team-b", plain.manifest, "mounted");
}

/** Moves and deletes, so that something is there for a collector. */
export async function changeSome(client: Client): Promise<void> {
  const [first, second, gone] = [makeImage(), makeImage(), makeImage()];
  await pushMade(client, "changed", { image: first, tag: "latest", way: "put" });
  await pushMade(client, "changed", { image: second, tag: "latest", way: "put" });
  await client.pushManifest("changed", first.manifest, "second");
  await pushMade(client, "changed", { image: gone, tag: "gone", way: "put" });
  await client.deleteManifest("changed", gone.manifest.digest);
  const unused = makeBytes(1000);
  await client.pushBlob("changed", unused, "put");
  await client.deleteBlob("changed", digestOf(unused));
}
