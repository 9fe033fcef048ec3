// The driver on a bucket. Any number of nodes work on it at once; what each keeps for itself is memory for parts, and files
// of blobs on their way from another registry.
import type { Content } from "../../lib/content.ts";
import type { Driver } from "../driver.ts";
import { DurableFiles } from "../durable-file.ts";
import { FileDirectory } from "../file-directory.ts";
import { FileTransfers } from "../file-transfers.ts";
import { openFlock } from "../flock.ts";
import { KeyPaths } from "../key-paths.ts";
import { collectorPlace, contentsPlace, transfersPlace } from "../places.ts";
import type { Key } from "../ports.ts";
import { BucketChanges } from "./bucket-changes.ts";
import { BucketClaims } from "./bucket-claims.ts";
import { BucketDirectory } from "./bucket-directory.ts";
import { BucketGarbage } from "./bucket-garbage.ts";
import { BucketListings } from "./bucket-listings.ts";
import type { BucketObjects } from "./bucket-objects.ts";
import { NodeUploads } from "./node-uploads.ts";
import { Notices } from "./notices.ts";
import { PartMemory } from "./part-memory.ts";
import { ScratchTransfers } from "./scratch-transfers.ts";
import { type Redirects, StoreObjects } from "./store-objects.ts";
import type { StoreTraits } from "./store-probe.ts";
import { type BucketTiming, usualTiming } from "./timing.ts";
import { BucketUploads } from "./uploads.ts";

/** A bucket, and what a node has for it. */
export interface BucketDriverOptions {
  readonly objects: BucketObjects;
  /** A new identifier on each call, which nobody else ever has. */
  readonly newId: () => string;
  /** A directory that is there, and is this node's alone. */
  readonly scratch: string;
  readonly traits: Pick<StoreTraits, "isExpiryEnforced" | "areEtagsMd5">;
  /** For the parts of all uploads together. */
  readonly partMemoryBytes: number;
  /** Where clients are sent for contents; if absent, they get them from here. */
  readonly redirects?: Redirects | undefined;
  /** Whether nobody reads what is on its way to the bucket: its files take no room afterwards. */
  readonly isUnread?: boolean | undefined;
  /** What this node is called by others, for a person. */
  readonly holder?: string | undefined;
  /** The same for all nodes. */
  readonly timing?: BucketTiming;
}

/** Opens the driver on a bucket that will do; see store-probe.ts. */
export function openBucketDriver(options: BucketDriverOptions): Driver {
  const { objects, newId, traits, redirects, holder = "another node", timing = usualTiming } = options;
  const notices = new Notices(objects, { prefix: "notices/", newId, marginMs: timing.marginMs });
  const prefix = `${collectorPlace}/`;
  const { isExpiryEnforced, areEtagsMd5 } = traits;
  const stored = new StoreObjects(objects, { notices, isContent, redirects });
  const uploads = new BucketUploads(objects, { newId, memory: new PartMemory(options.partMemoryBytes) });
  const paths = new KeyPaths(options.scratch, new DurableFiles(options.scratch, { isDurable: false }));
  const files = new FileTransfers(paths, openFlock());
  const local = new FileDirectory(paths);
  const claims = new BucketClaims(objects, { newId, holder, seconds: timing.claimSeconds });
  return {
    objects: stored,
    changes: new BucketChanges(objects, { notices, newId, prefix, isExpiryEnforced, timing }),
    garbage: new BucketGarbage(objects, { notices, claims, newId, prefix, timing }),
    uploads: new NodeUploads(uploads),
    transfers: new ScratchTransfers({
      ...{ files, objects: stored, isUnread: options.isUnread },
      send: (content, to) => send(uploads, content, to),
    }),
    listings: new BucketListings(objects, { notices, isContent, areEtagsMd5 }),
    claims,
    directory: new BucketDirectory(objects, { notices, space: () => local.space() }),
  };
}

function isContent(key: Key): boolean {
  return key.startsWith(`${contentsPlace}/`);
}

async function send(uploads: BucketUploads, content: Content, to: Key): Promise<void> {
  await using upload = uploads.openBrief(`${transfersPlace}/data`, { target: to });
  for await (const piece of content.stream()) await upload.append([piece]);
  await upload.commit(to);
}
