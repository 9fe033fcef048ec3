// What the headers of an upstream's answer say. They are a stranger's text: a long one is not read.

/** Longer than any upstream needs, and short enough for every parser here. */
const maxHeaderLength = 8192;

/** The length of the body, where the upstream says it. */
export function parseLength(header: string | null): number | undefined {
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** Where a part begins, and how large the whole is where the upstream says it (RFC 9110, section 14.4). */
export function parsePartRange(
  header: string | null,
): { readonly startBytes: number; readonly totalBytes: number | undefined } | undefined {
  const match = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/.exec(header ?? "");
  if (match === null) return undefined;
  return { startBytes: Number(match[1]), totalBytes: match[2] === "*" ? undefined : Number(match[2]) };
}

/** The address of the next page, as it stands in a Link header (RFC 8288): `<address>; rel="next"`. */
export function parseNextLink(header: string | null): string | undefined {
  if (header === null || header.length > maxHeaderLength) return undefined;
  for (const link of header.split("<").slice(1)) {
    const end = link.indexOf(">");
    const [parameters = ""] = link.slice(end + 1).split(",");
    const isNext = parameters.split(";").some((each) => /^rel="?next"?$/i.test(each.trim()));
    if (end > 0 && isNext) return link.slice(0, end);
  }
  return undefined;
}

/** How many pulls Docker Hub still allows; it says so with each manifest: "76;w=21600". */
export function parseRemaining(header: string | null): number | undefined {
  const digits = /^\d{1,15}/.exec(header ?? "")?.[0];
  return digits === undefined ? undefined : Number(digits);
}
