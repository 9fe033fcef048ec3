// The challenge of a 401 answer, as the page reads it.

/** What a Bearer challenge asks a token for. */
export interface BearerChallenge {
  readonly service: string | undefined;
  readonly scope: string | undefined;
}

/** Reads a WWW-Authenticate header; undefined for anything but a Bearer challenge. */
export function parseBearerChallenge(header: string | null): BearerChallenge | undefined {
  const parameters = /^Bearer +(.+)$/i.exec(header ?? "")?.[1];
  if (parameters === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of parameters.matchAll(/([a-z_]{1,20})="((?:[^"\\]|\\.)*)"/g)) {
    fields.set(name, value.replace(/\\(.)/g, "$1"));
  }
  return { service: fields.get("service"), scope: fields.get("scope") };
}
