// The names in a certificate: host names (also "*.example.org"), IPv4 and IPv6 addresses.
//
//   dns   = [ "*." ] label *( "." label )     label = letter or digit, inner "-", 1 to 63; at most 253 in all
//   ipv6  = bare or in brackets, without zone
import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

/** A normalized name: host names in lower case, IPv6 compressed and without brackets. */
export interface SubjectName {
  readonly kind: "dns" | "ip";
  readonly value: string;
}

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** A last label that a browser would read as part of an IPv4 address. */
const numericLabel = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const mappedIpv4 = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;
const maxNameLength = 253;

/** The name that the text spells, or undefined. */
export function parseSubjectName(text: string): SubjectName | undefined {
  const address = parseAddress(text);
  if (address !== undefined) return { kind: "ip", value: address };
  const value = text.toLowerCase();
  // "K" (the Kelvin sign) and its kind become ASCII letters when lower-cased.
  if (value.length > maxNameLength || !/^[\x21-\x7e]+$/.test(text)) return undefined;
  const labels = (value.startsWith("*.") ? value.slice(2) : value).split(".");
  if (!labels.every((part) => label.test(part)) || numericLabel.test(labels.at(-1) ?? "")) return undefined;
  return { kind: "dns", value };
}

/** What is wrong with a text that parseSubjectName refuses, and what to write instead. */
export function explainNameProblem(text: string): string {
  const shown = JSON.stringify(text);
  const punycode = /[^\x00-\x7f]/.test(text) ? domainToASCII(text) : "";
  if (punycode !== "") return `${shown} is not an ASCII host name; write its punycode form, ${punycode}`;
  if (text.includes("%")) return `${shown} has a zone; a certificate can only name the address without it`;
  if (text.includes("://")) return `${shown} is a URL; give the host name or the address alone`;
  if (text.includes(",")) return `${shown} has a comma; give each name by itself`;
  if (text.includes("*"))
    return `${shown} is not a host name: "*" can only be the whole first part, as in *.example.org`;
  if (text.includes("/")) return `${shown} is not a host name; address ranges and paths cannot be in a certificate`;
  if (/^[^:]+:\d+$|\]:\d+$/.test(text)) return `${shown} has a port; give the name without it`;
  return `${shown} is neither a host name nor an IPv4 or IPv6 address`;
}

const maxShown = 20;

/** For people: "localhost, *.example.org, 127.0.0.1, ::1"; only the first of very many. */
export function formatSubjectNames(names: readonly SubjectName[]): string {
  const more = names.length > maxShown ? [`and ${names.length - maxShown} more`] : [];
  return [...names.slice(0, maxShown).map(({ value }) => value), ...more].join(", ");
}

/** The names in the order given, each once. */
export function uniqueNames(names: readonly SubjectName[]): SubjectName[] {
  return [...new Map(names.map((name) => [name.value, name])).values()];
}

/** The wanted names that none of those present covers; a wildcard covers exactly one label. */
export function listUncoveredNames(wanted: readonly SubjectName[], present: readonly SubjectName[]): SubjectName[] {
  const values = new Set(present.map(({ value }) => value));
  return wanted.filter((name) => !values.has(name.value) && !values.has(wildcardFor(name)));
}

/** The wildcard that would cover a host name; for other names, something in no set. */
function wildcardFor({ kind, value }: SubjectName): string {
  const dot = value.indexOf(".");
  return kind === "ip" || dot === -1 || value.startsWith("*") ? "" : `*${value.slice(dot)}`;
}

function parseAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (!isIPv6(bare) || bare.includes("%")) return undefined;
  const compressed = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const mapped = mappedIpv4.exec(compressed);
  if (mapped === null) return compressed;
  // ::ffff:192.0.2.1 is the IPv4 address itself; clients compare it with the four-byte form.
  return mapped
    .slice(1)
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}
