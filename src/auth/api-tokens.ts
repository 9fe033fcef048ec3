// API tokens for machines. The secret is shown once; only its hash is stored, with what the token may do:
//
//   reg_ + 30 random letters and digits + 6 of their checksum
//
// The checksum lets secret scanners recognise a token, and a mistyped one is refused without touching the disk.

import { createHash } from "node:crypto";
import { parseJsonObject } from "../lib/json-object.ts";

/** What can be done with a repository. */
export type TokenAction = (typeof tokenActions)[number];

export const tokenActions = ["pull", "push", "delete"] as const;

/** What is stored of a token. */
export interface ApiToken {
  readonly name: string;
  /** Globs of repository names. */
  readonly repositories: readonly string[];
  readonly actions: readonly TokenAction[];
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  /** Undefined: never. */
  readonly expiresMs: number | undefined;
}

const prefix = "reg_";
const randomLength = 30;
const checksumLength = 6;
const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A new secret, of 178 bits. */
export function createSecret(randomBytes: (count: number) => Uint8Array): string {
  let random = "";
  while (random.length < randomLength) {
    // 248 is the largest multiple of 62: bytes above it would make some letters more likely.
    const fair = [...randomBytes(randomLength)].filter((byte) => byte < 248);
    random += fair.map((byte) => letters[byte % letters.length]).join("");
  }
  random = random.slice(0, randomLength);
  return `${prefix}${random}${checksum(random)}`;
}

/** Whether the text has the form of a secret, with the right checksum. */
export function isSecret(text: string): boolean {
  const random = /^reg_([0-9A-Za-z]{30})[0-9A-Za-z]{6}$/.exec(text)?.[1];
  return random !== undefined && text === `${prefix}${random}${checksum(random)}`;
}

function checksum(text: string): string {
  let rest = Bun.hash.crc32(text);
  let encoded = "";
  for (let count = 0; count < checksumLength; count += 1) {
    encoded = `${letters[rest % letters.length]}${encoded}`;
    rest = Math.floor(rest / letters.length);
  }
  return encoded;
}

/** The name a token is stored under. A fast hash is enough, since nobody can guess 178 random bits. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Whether the text may name a token; names appear in log lines and tables. */
export function isTokenName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);
}

/** The text of a token's file. */
export function formatApiToken(token: ApiToken): string {
  return `${JSON.stringify(token, null, 2)}\n`;
}

/** Parses a token's file; undefined if it is malformed, which grants nothing. */
export function parseApiToken(text: string): ApiToken | undefined {
  const value = parseJsonObject(text);
  if (value === undefined) return undefined;
  const { name, repositories, actions, createdMs, expiresMs } = value;
  if (typeof name !== "string" || typeof createdMs !== "number") return undefined;
  if (expiresMs !== undefined && typeof expiresMs !== "number") return undefined;
  if (!isListOfStrings(repositories) || !isListOfStrings(actions)) return undefined;
  return {
    name,
    repositories,
    actions: tokenActions.filter((action) => actions.includes(action)),
    createdMs,
    expiresMs,
  };
}

function isListOfStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Whether the token can be used no longer. */
export function isExpired({ expiresMs }: ApiToken, nowMs: number): boolean {
  return expiresMs !== undefined && expiresMs <= nowMs;
}
