// Deeds of a caller, for tests of what is told about them.
import type { Describer } from "../../src/notifications/event.ts";
import type { Actor } from "../../src/registry/actor.ts";
import type { Deed, RegistryEvent } from "../../src/registry/events.ts";
import { digestOf, named, tagged } from "../registry/stocked.ts";

/** A caller with a request. */
export const actor: Actor = {
  name: "alice",
  requestId: "r-1",
  remote: "192.0.2.1",
  asked: {
    peer: "192.0.2.1:4711",
    host: "registry.example.com",
    method: "PUT",
    userAgent: "docker/27",
    base: "https://registry.example.com/",
  },
};

/** The digest in the deeds. */
export const digest = digestOf("x");
const mediaType = "application/vnd.oci.image.manifest.v1+json";
const bytes = async () => new TextEncoder().encode('{"schemaVersion":2}');
const manifest = { digest, mediaType, sizeBytes: 7, bytes };

/** One deed of each kind; the push has two tags. */
export const deeds = {
  manifestPushed: {
    kind: "manifest pushed",
    ...manifest,
    subject: undefined,
    isNew: true,
    tags: ["1", "2"].map((tag) => ({ tag: tagged(tag), previous: undefined })),
  },
  pushedByDigest: { kind: "manifest pushed", ...manifest, subject: undefined, isNew: true, tags: [] },
  manifestPulled: { kind: "manifest pulled", ...manifest, reference: { kind: "tag", tag: tagged("1") } },
  pulledByDigest: { kind: "manifest pulled", ...manifest, reference: { kind: "digest", digest } },
  manifestDeleted: { kind: "manifest deleted", digest, facts: undefined, tags: [tagged("1")] },
  tagDeleted: { kind: "tag deleted", tag: tagged("1"), digest },
  blobPushed: { kind: "blob pushed", digest, sizeBytes: 3, isNew: true },
  blobMounted: { kind: "blob mounted", digest, sizeBytes: 3, isNew: true, from: named("base") },
  blobPulled: { kind: "blob pulled", digest, sizeBytes: undefined },
  blobDeleted: { kind: "blob deleted", digest },
} as const satisfies Readonly<Record<string, Deed>>;

/** The event of a deed in the repository `team/app`. */
export function eventOf(deed: Deed, by: Actor = actor): RegistryEvent {
  return { actor: by, repository: named("team/app"), deed };
}

/** At a fixed time, with identifiers that count. */
export function describer(references?: Describer["referencesOf"]): Describer {
  let count = 0;
  return {
    source: { addr: "host:5000", instanceID: "i-1" },
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 670),
    uuid: () => {
      count += 1;
      return `e-${count}`;
    },
    referencesOf: references ?? (async () => undefined),
  };
}

/** Waits until the question is answered with true, for a bounded number of turns. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`${what}: not in time`);
    await Bun.sleep(1);
  }
}
