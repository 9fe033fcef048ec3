// The registry to trust, as the user types it in image names.
//
//   registry.example.org   192.0.2.7:5000   [2001:db8::1]:5000   https://192.0.2.7:5000
import { parseSubjectName, type SubjectName } from "../../lib/subject-names.ts";

/** A host with its port, and the form in which clients spell it. */
export interface TrustTarget {
  readonly name: SubjectName;
  readonly port: number;
  /** As it stands in image names, and so as clients name the directory: without a port if none was typed. */
  readonly directoryName: string;
  /** The address with its port, for messages and URLs. */
  readonly authority: string;
  readonly isPortGiven: boolean;
}

/** Clients use HTTPS's port if an image name has none. */
const defaultPort = 443;
const maxPort = 65_535;
const grammar = /^(?<host>\[[^\]]+\]|[^:]+)(?::(?<port>\d{1,5}))?$/;

/** What people copy along with it from the start message or from a browser. */
const scheme = /^https?:\/\//i;

/** The target that the text spells, or undefined. */
export function parseTrustTarget(text: string): TrustTarget | undefined {
  const { host, port: portText } = grammar.exec(withoutScheme(text))?.groups ?? {};
  const name = host === undefined ? undefined : parseSubjectName(host);
  if (name === undefined || name.value.startsWith("*")) return undefined;
  const port = portText === undefined ? defaultPort : Number(portText);
  if (port === 0 || port > maxPort) return undefined;
  const spelled = name.value.includes(":") ? `[${name.value}]` : name.value;
  return {
    name,
    port,
    directoryName: portText === undefined ? spelled : `${spelled}:${port}`,
    authority: `${spelled}:${port}`,
    isPortGiven: portText !== undefined,
  };
}

/** Without a leading "https://" and a trailing slash. */
export function withoutScheme(text: string): string {
  return scheme.test(text) ? text.replace(scheme, "").replace(/\/$/, "") : text;
}
