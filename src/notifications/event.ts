// Events as distribution's webhooks have them: names, order and omissions are those of registry:3's JSON.
import type { Actor } from "../registry/actor.ts";
import type { Deed, RegistryEvent } from "../registry/events.ts";
import type { ManifestReference } from "./references.ts";

/** What an event may be about. */
export type NotificationAction = "push" | "pull" | "mount" | "delete";

/** What was acted upon. Absent fields are left out. */
export interface NotificationTarget {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly length?: number | undefined;
  readonly repository: string;
  readonly fromRepository?: string | undefined;
  readonly url?: string | undefined;
  readonly tag?: string | undefined;
  readonly references?: readonly ManifestReference[] | undefined;
}

/** One event of an envelope. */
export interface Notification {
  readonly id: string;
  readonly timestamp: string;
  readonly action: NotificationAction;
  readonly target: NotificationTarget;
  readonly request: Readonly<Record<string, string | undefined>>;
  readonly actor: { readonly name?: string | undefined };
  readonly source: Source;
}

/** The registry that sends it. */
export interface Source {
  /** Host name and port. */
  readonly addr: string;
  /** Of this process. */
  readonly instanceID: string;
}

/** What describing an event needs. */
export interface Describer {
  readonly source: Source;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly uuid: () => string;
  /** What the manifest names, if that is to be told. */
  readonly referencesOf: (deed: ManifestDeed) => Promise<readonly ManifestReference[] | undefined>;
}

/** A deed about a manifest that is there. */
export type ManifestDeed = Extract<Deed, { kind: "manifest pushed" | "manifest pulled" }>;

/** What others are told of a deed: one event, or several if it is about several tags. */
export async function describeDeed(event: RegistryEvent, describer: Describer): Promise<readonly Notification[]> {
  const { actor, deed } = event;
  const targets = await targetsOf(event, describer);
  return targets.map((target) => ({
    id: describer.uuid(),
    timestamp: formatTimestamp(describer.now()),
    action: actionOf(deed),
    target,
    request: requestOf(actor),
    actor: { name: actor.name === "anonymous" || actor.name === "" ? undefined : actor.name },
    source: describer.source,
  }));
}

/** What is done by a deed. */
export function actionOf({ kind }: Deed): NotificationAction {
  switch (kind) {
    case "manifest pushed":
    case "blob pushed":
      return "push";
    case "manifest pulled":
    case "blob pulled":
      return "pull";
    case "blob mounted":
      return "mount";
    case "manifest deleted":
    case "tag deleted":
    case "blob deleted":
      return "delete";
  }
}

const octetStream = "application/octet-stream";

async function targetsOf(event: RegistryEvent, describer: Describer): Promise<readonly NotificationTarget[]> {
  const { repository, deed } = event;
  switch (deed.kind) {
    case "manifest pushed": {
      const target = await manifestTarget(event, deed, describer);
      return deed.tags.length === 0 ? [target] : deed.tags.map(({ tag }) => withTag(target, tag));
    }
    case "manifest pulled": {
      const target = await manifestTarget(event, deed, describer);
      return [deed.reference.kind === "tag" ? withTag(target, deed.reference.tag) : target];
    }
    case "blob pushed":
    case "blob pulled":
      return [blobTarget(event, deed)];
    case "blob mounted":
      return [blobTarget(event, deed)];
    case "blob deleted":
      return [{ mediaType: "", digest: deed.digest, size: 0, repository }];
    case "tag deleted":
      return [{ mediaType: "", digest: "", size: 0, repository, tag: deed.tag }];
    case "manifest deleted":
      return [
        { mediaType: "", digest: deed.digest, size: 0, repository },
        ...deed.tags.map((tag) => ({ mediaType: "", digest: "", size: 0, repository, tag })),
      ];
  }
}

async function manifestTarget(
  event: RegistryEvent,
  deed: ManifestDeed,
  describer: Describer,
): Promise<NotificationTarget> {
  const { mediaType, digest, sizeBytes } = deed;
  return {
    mediaType,
    digest,
    size: sizeBytes,
    length: sizeBytes,
    repository: event.repository,
    url: urlOf(event, `manifests/${digest}`),
    references: await describer.referencesOf(deed),
  };
}

/** The tag stands before the references. */
function withTag({ references, ...target }: NotificationTarget, tag: string): NotificationTarget {
  return { ...target, tag, references };
}

function blobTarget(
  event: RegistryEvent,
  blob: { readonly digest: string; readonly sizeBytes: number | undefined; readonly from?: string | undefined },
): NotificationTarget {
  const size = blob.sizeBytes ?? 0;
  return {
    mediaType: octetStream,
    digest: blob.digest,
    size,
    length: size === 0 ? undefined : size,
    repository: event.repository,
    fromRepository: blob.from,
    url: urlOf(event, `blobs/${blob.digest}`),
  };
}

function urlOf({ actor, repository }: RegistryEvent, rest: string): string | undefined {
  return actor.asked === undefined ? undefined : `${actor.asked.base}v2/${repository}/${rest}`;
}

function requestOf({ requestId, asked }: Actor): Notification["request"] {
  const orAbsent = (text: string | undefined) => (text === "" ? undefined : text);
  return {
    id: requestId,
    addr: orAbsent(asked?.peer),
    host: orAbsent(asked?.host),
    method: asked?.method,
    useragent: orAbsent(asked?.userAgent),
  };
}

/** As Go's RFC3339Nano writes it: without zeros at the end of the fraction. */
export function formatTimestamp(ms: number): string {
  const fraction = String((ms % 1000) / 1000).slice(1);
  return `${new Date(ms).toISOString().slice(0, "yyyy-mm-ddThh:mm:ss".length)}${fraction}Z`;
}
