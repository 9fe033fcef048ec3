// What the nodes of the rig push, and their times: short, so that many are frozen for longer than what they send is good for.
import type { Digest } from "../../../src/oci/digest.ts";
import { blobKey, layerLink, revisionLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import type { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import type { BucketTiming } from "../../../src/storage/s3/timing.ts";
import { digestOf, named, tagged } from "../stocked.ts";

/** Of every node of the rig. */
export const rigTiming: BucketTiming = {
  changeSeconds: 3,
  collectionSeconds: 3,
  marginMs: 4000,
  leaseMs: 4000,
  claimSeconds: 4,
};
/** Longer than a put of a tag is good for. */
export const rigGraceMs = 6000;

/** An image with a configuration of its own, of layers that all nodes share. */
export function imageOf(name: string, layers: readonly number[]) {
  const config = `configuration of ${name}`;
  const blobs = [config, ...new Set(layers.map((index) => `layer ${index}`))];
  const describe = (text: string) => ({
    mediaType: "application/octet-stream",
    digest: digestOf(text),
    size: text.length,
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const [first = config, ...rest] = blobs;
  const text = JSON.stringify({ schemaVersion: 2, mediaType, config: describe(first), layers: rest.map(describe) });
  return { text, blobs };
}

/** An image that was acknowledged, as a node says it: its repository, digest, tag and blobs. */
export type Acknowledged = readonly string[];

/** What is not there of it. */
export async function lostOf(
  objects: BucketObjects,
  [name = "", manifest = "", tag = "", ...blobs]: Acknowledged,
): Promise<readonly string[]> {
  const repository = named(name);
  const digest = manifest as Digest;
  const links = blobs.flatMap((blob) => [layerLink(repository, blob as Digest), blobKey(blob as Digest)]);
  const keys = [revisionLink(repository, digest), blobKey(digest), ...links];
  const lost: string[] = [];
  for (const key of keys) if ((await objects.stat(key)) === undefined) lost.push(`${tag}: ${key}`);
  const leadsTo = new TextDecoder().decode((await objects.read(tagCurrentLink(repository, tagged(tag)), 200))?.bytes);
  if (leadsTo !== digest) lost.push(`${tag}: leads to "${leadsTo}"`);
  return lost;
}
