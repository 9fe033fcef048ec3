// The web page: a small document for browsers at the root, and its files, which never change under one name.
import { RegistryError } from "../../oci/errors.ts";
import { chooseEncoding, prefersHtml } from "../accept.ts";
import { formatEntityTag, matchesNone } from "../conditional.ts";
import type { Exchange } from "../exchange.ts";
import type { PageFiles } from "../page-files.ts";
import { getSignOfLife } from "./service.ts";

/** The root: the page for browsers, a line of text for everybody else. */
export function getRoot(exchange: Exchange): Response {
  const { page, request } = exchange;
  if (page === undefined) return getSignOfLife();
  const response = prefersHtml(request.headers.get("accept")) ? documentOf(exchange, page) : getSignOfLife();
  response.headers.set("Vary", "Accept");
  return response;
}

/** A file of the page; its name changes with its content, so it may be kept for ever. */
export function getPageFile({ page, request }: Exchange, { file: name }: { readonly file: string }): Response {
  const file = page?.find(name);
  if (file === undefined) throw new RegistryError("NOT_FOUND");
  const headers: Record<string, string> = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "same-origin",
    ETag: formatEntityTag(name),
    Vary: "Accept-Encoding",
  };
  if (matchesNone(request.headers.get("if-none-match"), formatEntityTag(name))) {
    return new Response(null, { status: 304, headers });
  }
  const encoding = chooseEncoding(request.headers.get("accept-encoding"));
  const body = file.encoded[encoding];
  if (encoding !== "identity") headers["Content-Encoding"] = encoding;
  return new Response(body, {
    headers: { ...headers, "Content-Type": file.type, "Content-Length": String(body.length) },
  });
}

/** Asked for anew each time, so that an upgrade of the executable is seen at once; it is a few hundred bytes. */
function documentOf({ request, prefix, tokenServer }: Exchange, page: PageFiles): Response {
  const html = formatDocument({ prefix, tokenServer: tokenServer ?? "" }, page);
  const entityTag = formatEntityTag(Bun.CryptoHasher.hash("sha256", html, "hex").slice(0, 32));
  const headers = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": formatSecurityPolicy(tokenServer),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    ETag: entityTag,
  };
  if (matchesNone(request.headers.get("if-none-match"), entityTag)) return new Response(null, { status: 304, headers });
  return new Response(html, { headers: { ...headers, "Content-Type": "text/html; charset=utf-8" } });
}

/** Nothing but our own files, and no script or style inside a document. */
function formatSecurityPolicy(tokenServer: string | undefined): string {
  const elsewhere = tokenServer === undefined ? null : URL.parse(tokenServer);
  const origin = elsewhere === null || elsewhere.origin === "null" ? "" : ` ${elsewhere.origin}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    // A token server elsewhere is the only other host that the page may ask.
    `connect-src 'self'${origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function formatDocument(
  { prefix, tokenServer }: { readonly prefix: string; readonly tokenServer: string },
  page: PageFiles,
): string {
  const files = escapeHtml(`${prefix}-/assets/`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="registry" content="${escapeHtml(prefix)}">
<meta name="token-server" content="${escapeHtml(tokenServer)}">
<title>registry</title>
<link rel="icon" href="${files}${page.nameEndingIn(".svg")}">
<link rel="stylesheet" href="${files}${page.nameEndingIn(".css")}">
<script type="module" src="${files}${page.nameEndingIn(".js")}"></script>
<body><div id="page"></div><noscript>This page needs JavaScript. The API of the registry is at ${escapeHtml(prefix)}v2/.</noscript>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
