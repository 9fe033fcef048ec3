// What a caller prefers (RFC 9110, section 12.5): a list of ranges with weights.

/** More than any client sends; the rest is not read. */
const maxRanges = 50;

/** The weight of a range in such a header; undefined if it is not named. */
function weightOf(header: string | null, range: string): number | undefined {
  for (const part of (header ?? "").split(",").slice(0, maxRanges)) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    if (name !== range) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice("q=".length);
    return weight === undefined ? 1 : Number(weight) || 0;
  }
  return undefined;
}

/** Whether an Accept header asks for HTML before anything else, as browsers do; a bare wildcard does not. */
export function prefersHtml(accept: string | null): boolean {
  const html = weightOf(accept, "text/html") ?? 0;
  const others = ["application/json", "text/plain", "*/*", "text/*"].map((range) => weightOf(accept, range) ?? 0);
  return html > 0 && others.every((weight) => weight <= html);
}

/** The best of our encodings that an Accept-Encoding header takes. */
export function chooseEncoding(acceptEncoding: string | null): "br" | "gzip" | "identity" {
  const takes = (encoding: string) => (weightOf(acceptEncoding, encoding) ?? weightOf(acceptEncoding, "*") ?? 0) > 0;
  if (takes("br")) return "br";
  return takes("gzip") ? "gzip" : "identity";
}
