// What stored bytes name, for the collector: read leniently, since what is named must stay even where another registry
// accepted a manifest that we would refuse.
import { isRecord } from "./descriptor.ts";
import { type Digest, parseDigest } from "./digest.ts";

/** Everything that a stored manifest needs, and what it refers to. */
export interface StoredNames {
  /** Configuration, layers, children, in whatever field they stand. */
  readonly named: ReadonlySet<Digest>;
  /** The manifest that it is about; it does not keep that one. */
  readonly subject: Digest | undefined;
}

/** Fields that hold a digest: of descriptors, and of layers in docker's schema 1. Go's decoder folds their case. */
const digestFields: readonly string[] = ["digest", "blobsum"];

/**
 * Every digest that a manifest names, at any depth, but for its subject: rather too many than too few. Undefined where
 * the bytes are no JSON object, so that nobody can tell what they name.
 */
export function readStoredNames(bytes: Uint8Array): StoredNames | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { subject, ...rest } = value;
  return { named: new Set(walkDigests(rest)), subject: walkDigests(subject).next().value ?? undefined };
}

/** Without recursion, as another registry may have stored any depth. */
function* walkDigests(value: unknown): Generator<Digest, undefined> {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const current = open.pop();
    if (Array.isArray(current)) for (const item of current) open.push(item);
    if (!isRecord(current)) continue;
    for (const [field, inner] of Object.entries(current)) {
      const digest =
        typeof inner === "string" && digestFields.includes(field.toLowerCase()) ? parseDigest(inner) : undefined;
      if (digest !== undefined) yield digest;
      if (typeof inner === "object") open.push(inner);
    }
  }
}
