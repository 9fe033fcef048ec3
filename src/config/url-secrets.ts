// What may be secret in a URL that is shown: a user with a password, and keys in the query.

const scheme = /^[a-z][a-z0-9+.-]*:\/\//i;
const mask = "***";

/** The text as it may be shown. Of a URL, only scheme, host, path and the names in its query are left. */
export function maskUrl(text: string): string {
  const start = scheme.exec(text)?.[0] ?? "";
  const [before = "", ...query] = text.slice(start.length).split("?");
  const at = before.lastIndexOf("@");
  // Without a scheme, only `user:password@` tells a URL from other text.
  const hasUser = at >= 0 && (start !== "" || before.slice(0, at).includes(":"));
  const place = hasUser ? `${mask}${before.slice(at)}` : before;
  if (query.length === 0 || start === "") return [start + place, ...query].join("?");
  return `${start}${place}?${query.join("?").split("&").map(maskPair).join("&")}`;
}

function maskPair(pair: string): string {
  const [name = "", ...value] = pair.split("=");
  return value.length === 0 ? mask : `${name}=${mask}`;
}
