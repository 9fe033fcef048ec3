// POST deletion-plan and deletions: what a deletion would remove, and its carrying out.
import { RegistryError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { DeletionOutcome } from "../../registry/deleting/carry-out.ts";
import type { DeletionPlan, DoomedManifest } from "../../registry/deleting/plan-deletion.ts";
import type { KeptManifest } from "../../registry/deleting/removal.ts";
import { contentLength, type Exchange } from "../exchange.ts";
import { answerJson, formatTime } from "./answers.ts";
import { parseOrder, parseSelection } from "./deletion-request.ts";

interface NamedRoute {
  readonly name: RepositoryName;
}

/** Ten thousand tags with their digests, and ten thousand manifests. */
const maxBodyBytes = 4 * 1024 * 1024;

/** What would go, and what would stay. */
export async function planDeletion(exchange: Exchange, { name }: NamedRoute): Promise<Response> {
  refuseBlind(exchange, name);
  const selection = await readBody(exchange, parseSelection);
  const { maySee: isVisible, request, rights } = exchange;
  const plan = await exchange.repository(name).deletions.plan({ selection, isVisible, signal: request.signal });
  // A foreign token that is for one repository shows no others.
  const isExact = rights.seesEverything && rights.identity.kind !== "bearer";
  return answerJson(formatPlan(plan, { name, isExact }));
}

/** Removes what the body names, as far as nothing else has come to need it. */
export async function carryOutDeletion(exchange: Exchange, { name }: NamedRoute): Promise<Response> {
  const order = await readBody(exchange, parseOrder);
  const { signal } = exchange.request;
  return answerJson(formatOutcome(name, await exchange.repository(name).deletions.carryOut({ order, signal })));
}

/** A plan lists tags and sizes. Of a foreign token's bearer only its issuer knows whether they may see them. */
function refuseBlind({ maySee, rights }: Exchange, name: RepositoryName): void {
  if (rights.identity.kind === "bearer" || maySee?.(name) !== false) return;
  throw new RegistryError("DENIED", { message: "a plan shows what is there, so it needs to pull too" });
}

async function readBody<T>({ request, limiter }: Exchange, parse: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  refuseOtherSites(request);
  contentLength(request);
  const { stallMs } = limiter.limits;
  using body = await limiter.wholeBodies.read(request, { maxBytes: maxBodyBytes, stallMs });
  return await parse(body.bytes);
}

const maxKept = 1000;
const maxNamed = 20;

function formatPlan(
  plan: DeletionPlan,
  { name, isExact }: { readonly name: RepositoryName; readonly isExact: boolean },
): unknown {
  const { tags, manifests, kept, immutable, unknown, isComplete, problems, freed, shared, free } = plan;
  return {
    name,
    tags,
    manifests: manifests.map(formatManifest),
    kept: kept.slice(0, maxKept).map(formatKept),
    keptCount: kept.length,
    refused: immutable.slice(0, maxKept).map((tag) => ({ tag, reason: "the tag is immutable" })),
    refusedCount: immutable.length,
    unknown: unknown.slice(0, maxKept),
    isComplete,
    problems: problems.length,
    freed: {
      blobs: freed.count,
      sizeBytes: freed.sizeBytes,
      isExact,
      from: formatTime(free?.fromMs),
      by: formatTime(free?.byMs),
    },
    shared: { blobs: shared.count, sizeBytes: shared.sizeBytes },
  };
}

function formatManifest({ digest, because, image }: DoomedManifest) {
  return { digest, mediaType: image?.mediaType ?? null, sizeBytes: image?.sizeBytes ?? null, because };
}

function formatKept({ digest, because, by }: KeptManifest) {
  return { digest, because, by: by.slice(0, maxNamed), count: by.length };
}

function formatOutcome(name: RepositoryName, { tags, manifests, kept }: DeletionOutcome): unknown {
  return { name, tags, manifests, kept: kept.slice(0, maxKept), keptCount: kept.length };
}

/**
 * Refuses what did not come from this site, or from no site at all. A form cannot send JSON, and a script of another
 * site may only after a preflight, to which we do not agree.
 */
export function refuseOtherSites({ headers }: Request): void {
  const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new RegistryError("REQUEST_INVALID", { message: "the Content-Type must be application/json" });
  }
  const site = headers.get("sec-fetch-site") ?? "none";
  if (site === "same-origin" || site === "none") return;
  throw new RegistryError("DENIED", { message: "this may not be asked from another site" });
}
