// A repository with very many tags, written as a registry lays it out: making them by requests would take an hour.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeConfig, makeImage } from "./contents.ts";

/** Its name. Clients push there too. */
export const crowdedRepository = "crowd/app";

/** Whether the tag is one of those that were there from the beginning, and that nobody takes away. */
export function isOfCrowd(place: string): boolean {
  return place.startsWith(`${crowdedRepository}:crowd-`);
}

/** Writes so many tags of one image into a store that no server has used yet. */
export function makeCrowd(data: string, tagCount: number): void {
  const root = join(data, "docker/registry/v2");
  const repository = join(root, "repositories", crowdedRepository);
  const config = makeConfig("a crowd's");
  const image = makeImage(config, []);
  const pathOf = (digest: string) => digest.replace(":", "/");
  const put = (directory: string, name: string, bytes: string | Uint8Array) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, name), bytes);
  };
  for (const { digest, bytes } of [config, image]) {
    const hex = digest.slice("sha256:".length);
    put(join(root, "blobs/sha256", hex.slice(0, 2), hex), "data", bytes);
  }
  put(join(repository, "_layers", pathOf(config.digest)), "link", config.digest);
  put(join(repository, "_manifests/revisions", pathOf(image.digest)), "link", image.digest);
  for (let number = 0; number < tagCount; number += 1) {
    const tag = join(repository, "_manifests/tags", `crowd-${number}`);
    put(join(tag, "index", pathOf(image.digest)), "link", image.digest);
    put(join(tag, "current"), "link", image.digest);
  }
}
