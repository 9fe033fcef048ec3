// The credentials of a request in HTTP's Basic scheme (RFC 7617).
import { decodeUtf8 } from "../lib/json.ts";

/** A user name and a password, or a token in its place. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Parses `Basic <base64 of name:password>`, in any case; undefined if it is malformed. */
export function parseBasic(authorization: string): Credentials | undefined {
  const encoded = /^basic +([\w+/=-]+) *$/i.exec(authorization)?.[1];
  const text = encoded === undefined ? undefined : decodeUtf8(Buffer.from(encoded, "base64"));
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon === -1) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
