// The keys that sign our own tokens. The newest one signs; an older one is trusted until its last token has expired.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { libtrustKeyId } from "./trusted-keys.ts";

/** A key on P-256, which every other registry can verify. */
export interface SigningKey {
  /** In libtrust's form, which distribution 2 expects; other verifiers accept any. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

const dayMs = 24 * 3_600_000;
/** How long a key signs. */
const signingMs = 90 * dayMs;

/** A new key. */
export function createSigningKey(nowMs: number): SigningKey {
  return describeKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, nowMs);
}

function describeKey(privateKey: KeyObject, createdMs: number): SigningKey {
  const publicKey = createPublicKey(privateKey);
  return { kid: libtrustKeyId(publicKey), privateKey, publicKey, createdMs };
}

/** Whether a new key is due. A clock that was set back makes none due. */
export function needsNewKey(keys: readonly SigningKey[], nowMs: number): boolean {
  const newest = keys.at(-1);
  return newest === undefined || nowMs - newest.createdMs >= signingMs;
}

/** Appends a new key, and drops those whose last token has expired. */
export function rotateKeys(
  keys: readonly SigningKey[],
  { nowMs, lifetimeMs }: { readonly nowMs: number; readonly lifetimeMs: number },
): readonly SigningKey[] {
  // A key signed until its successor was made.
  const trusted = keys.filter((_, index) => (keys[index + 1]?.createdMs ?? nowMs) + lifetimeMs + dayMs > nowMs);
  return [...trusted, createSigningKey(nowMs)];
}

/** The text of the file of keys. */
export function formatSigningKeys(keys: readonly SigningKey[]): string {
  const entries = keys.map(({ privateKey, createdMs }) => ({ createdMs, key: privateKey.export({ format: "jwk" }) }));
  return `${JSON.stringify({ keys: entries }, null, 2)}\n`;
}

/** Parses the file of keys; throws if it is malformed, since new keys would end every login. */
export function parseSigningKeys(text: string): readonly SigningKey[] {
  const { keys } = JSON.parse(text) as {
    readonly keys: readonly { readonly createdMs: number; readonly key: object }[];
  };
  return keys.map(({ createdMs, key }) => describeKey(createPrivateKey({ key, format: "jwk" }), createdMs));
}
