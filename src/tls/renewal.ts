// Decides whether our certificates can stay. Clients trust the CA, so it is replaced only if it is missing or has
// expired; the server certificate is replaced freely under it.

import { formatSubjectNames, listUncoveredNames, type SubjectName } from "../lib/subject-names.ts";
import { type CertificateDescription, formatDay } from "./describe.ts";
import type { KeyKind } from "./self-signed.ts";

/** What the decision is based on. */
export interface RenewalFacts {
  readonly authority: CertificateDescription | undefined;
  /** The server certificate, or undefined if it or its key is missing. */
  readonly server: CertificateDescription | undefined;
  /** Whether the server certificate carries this authority's signature. */
  readonly isIssuedByAuthority: boolean;
  /** Whether the server's private key belongs to its certificate. */
  readonly isKeyMatching: boolean;
  readonly wantedNames: readonly SubjectName[];
  readonly key: KeyKind;
  readonly nowMs: number;
}

/** What to replace, and why, in words that follow "because". */
export type RenewalPlan = "keep" | { readonly renew: "server" | "both"; readonly reason: string };

const renewalMs = 30 * 24 * 3_600_000;

/**
 * A certificate that is not valid yet is kept: this machine's clock is behind, and what it signed now would have
 * expired as soon as the clock is set.
 */
export function planRenewal(facts: RenewalFacts): RenewalPlan {
  const { authority, server, nowMs } = facts;
  if (authority === undefined) return { renew: "both", reason: "there is no certificate authority yet" };
  if (isEnding(authority, nowMs)) return { renew: "both", reason: endReason("authority", authority, nowMs) };
  if (server === undefined) return { renew: "server", reason: "there is no server certificate yet" };
  const reason = listServerReasons(facts, server)[0];
  return reason === undefined ? "keep" : { renew: "server", reason };
}

/** Within 30 days of expiry, or in the last third of a shorter life. */
export function isEnding({ notBeforeMs, notAfterMs }: CertificateDescription, nowMs: number): boolean {
  return nowMs >= notAfterMs - Math.min(renewalMs, (notAfterMs - notBeforeMs) / 3);
}

/** A surplus name is no reason: another process on the same directory may want it. */
function listServerReasons(facts: RenewalFacts, server: CertificateDescription): string[] {
  const missing = listUncoveredNames(facts.wantedNames, server.names);
  const reasons: string[] = [];
  if (!facts.isKeyMatching) reasons.push("the server's private key does not belong to its certificate");
  if (!facts.isIssuedByAuthority) reasons.push("the server certificate was not issued by this authority");
  if (isEnding(server, facts.nowMs)) reasons.push(endReason("server certificate", server, facts.nowMs));
  if (missing.length > 0) reasons.push(`the server certificate lacks ${formatSubjectNames(missing)}`);
  if (server.key !== facts.key) reasons.push(`the configured kind of key is ${facts.key}`);
  return reasons;
}

function endReason(what: string, { notAfterMs }: CertificateDescription, nowMs: number): string {
  return `the ${what} ${nowMs > notAfterMs ? "ended" : "ends"} on ${formatDay(notAfterMs)}`;
}
