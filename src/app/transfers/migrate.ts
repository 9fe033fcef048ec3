// Moves what one store has to another one, while both are used: every repository with its tags, and with the manifests that
// have none. What is there already is not sent again, so a later run brings what came meanwhile.
import { forEachAtOnce } from "../../lib/at-once.ts";
import { messageOf } from "../../lib/system-error.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Reference } from "../../oci/reference.ts";
import { anonymous } from "../../registry/actor.ts";
import { readUpstream } from "../../registry/cached.ts";
import { manifestsPrefix } from "../../registry/layout.ts";
import { listRevisions } from "../../registry/repositories.ts";
import { walkRepositories } from "../../registry/repository-walk.ts";
import type { Throttle } from "../../registry/verify/throttle.ts";
import { type CopyRun, ImageCopier } from "../../transfer/copy.ts";
import type { SourcePlace } from "../../transfer/place.ts";
import { storeDestination } from "../../transfer/store-destination.ts";
import { storeSource } from "../../transfer/store-source.ts";
import type { CopiedStore } from "./places.ts";

/** What happens meanwhile. */
export type MigrationEvent =
  | { readonly kind: "repository"; readonly name: RepositoryName; readonly tags: number; readonly manifests: number }
  /** Cached from another registry, from which it comes again. */
  | { readonly kind: "cached"; readonly name: RepositoryName; readonly upstream: string }
  | { readonly kind: "problem"; readonly name: RepositoryName; readonly what: string; readonly problem: string };

/** How it is done. */
export interface MigrationOptions {
  readonly run: CopyRun;
  /** Waits after so many bytes. */
  readonly throttle: Throttle;
  readonly report: (event: MigrationEvent) => void;
}

/** What a run came to. */
export interface MigrationSummary {
  readonly repositories: number;
  readonly tags: number;
  /** With those that have no tag. */
  readonly manifests: number;
  readonly cached: number;
  readonly problems: number;
}

const imagesAtOnce = 4;

/** Moves everything; what cannot be moved is reported, and does not stop the rest. */
export async function migrateStore(
  from: CopiedStore,
  to: CopiedStore,
  { run, throttle, report }: MigrationOptions,
): Promise<MigrationSummary> {
  const summary = { repositories: 0, tags: 0, manifests: 0, cached: 0, problems: 0 };
  // The catalog of a bucket does not know what another registry has put there since a collection.
  for await (const name of walkRepositories(from.store, manifestsPrefix)) {
    run.signal.throwIfAborted();
    const upstream = await readUpstream(from.store, name);
    if (upstream !== undefined) {
      report({ kind: "cached", name, upstream });
      summary.cached += 1;
      continue;
    }
    const moved = await moveRepository(name, { from, to, run, throttle, report });
    report({ kind: "repository", name, tags: moved.tags, manifests: moved.manifests });
    summary.repositories += 1;
    summary.tags += moved.tags;
    summary.manifests += moved.manifests;
    summary.problems += moved.problems;
  }
  return summary;
}

interface RepositoryMove extends MigrationOptions {
  readonly from: CopiedStore;
  readonly to: CopiedStore;
}

async function moveRepository(name: RepositoryName, { from, to, run, throttle, report }: RepositoryMove) {
  const moved = { tags: 0, manifests: 0, problems: 0 };
  const source = slowed(storeSource(from.registry.repository(name, anonymous()), { registry: "from", name }), throttle);
  const place = await storeDestination(to.store, to.registry.repository(name, anonymous()), {
    home: { registry: "to", name },
  });
  const copier = new ImageCopier(source, place, run);
  const copy = async (reference: Reference, what: string) => {
    const tags = reference.kind === "tag" ? [reference.tag] : [];
    try {
      await copier.copy({ reference, tags, platform: undefined, withReferrers: false });
      moved[reference.kind === "tag" ? "tags" : "manifests"] += 1;
    } catch (error) {
      if (run.signal.aborted || !(error instanceof RegistryError)) throw error;
      moved.problems += 1;
      report({ kind: "problem", name, what, problem: messageOf(error) });
    }
  };
  // What tags lead to comes first, since it will be pulled.
  await forEachAtOnce(await Array.fromAsync(source.tags()), imagesAtOnce, (tag) => copy({ kind: "tag", tag }, tag));
  const digests = await Array.fromAsync(listRevisions(from.store, name));
  await forEachAtOnce(digests, imagesAtOnce, (digest) => copy({ kind: "digest", digest }, digest));
  return moved;
}

function slowed(source: SourcePlace, throttle: Throttle): SourcePlace {
  return {
    ...source,
    readBlob: async function* (blob, reading) {
      for await (const chunk of source.readBlob(blob, reading)) {
        // Whoever takes it may give its memory back.
        const { length } = chunk;
        yield chunk;
        await throttle(length);
      }
    },
  };
}
