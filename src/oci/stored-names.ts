// What stored manifests name, for the collector: parsed leniently, since what is named must stay even if another
// registry accepted a manifest that we would refuse.
import { stepAside } from "../lib/pacer.ts";
import { isRecord } from "./descriptor.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { readHugeManifest } from "./huge-manifest.ts";

/** Everything that a stored manifest needs, and what it refers to. */
export interface StoredNames {
  /** Configuration, layers and children, in whatever field. */
  readonly named: ReadonlySet<Digest>;
  /** The manifest that it is about; it does not keep that alive. */
  readonly subject: Digest | undefined;
}

/** Fields that hold a digest: in descriptors, and in the layers of docker's schema 1. Go's decoder folds their case. */
const digestFields: readonly string[] = ["digest", "blobsum"];

/**
 * Every digest that a manifest names, at any depth, except its subject: rather too many than too few. Undefined if
 * the bytes are not a JSON object, so that nobody can tell what they name. Long bytes take several turns of the event loop.
 */
export async function readStoredNamesInTurns(bytes: Uint8Array): Promise<StoredNames | undefined> {
  const huge = await readHugeManifest(bytes);
  if (huge !== undefined) return { named: huge.named, subject: undefined };
  const steps = readSteps(bytes);
  for (let expectedMs = bytes.length < longBytes ? 0 : parsingMs; ; expectedMs = 0) {
    await stepAside(expectedMs);
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

const longBytes = 64 * 1024;
const parsingMs = 10;
/** As many as take a moment to visit. */
const valuesOfOneStep = 1000;

function* readSteps(bytes: Uint8Array): Generator<void, StoredNames | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { subject, ...rest } = value;
  const named = new Set<Digest>();
  for (const digest of walkDigests(rest)) {
    if (digest === undefined) yield;
    else named.add(digest);
  }
  for (const digest of walkDigests(subject)) if (digest !== undefined) return { named, subject: digest };
  return { named, subject: undefined };
}

/**
 * Iterative, since another registry may have stored any depth. Yields undefined now and then, when a moment has passed.
 */
function* walkDigests(value: unknown): Generator<Digest | undefined> {
  const open: unknown[] = [value];
  for (let looks = 1; open.length > 0; looks += 1) {
    if (looks % valuesOfOneStep === 0) yield undefined;
    const current = open.pop();
    if (Array.isArray(current)) {
      for (const item of current) if (typeof item === "object") open.push(item);
    }
    if (!isRecord(current)) continue;
    for (const [field, inner] of Object.entries(current)) {
      const digest =
        typeof inner === "string" && digestFields.includes(field.toLowerCase()) ? parseDigest(inner) : undefined;
      if (digest !== undefined) yield digest;
      if (typeof inner === "object") open.push(inner);
    }
  }
}
