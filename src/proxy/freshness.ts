// Whether what is known of a tag is believed without asking upstream again. Pure.

/** What is known of a cached tag. */
export interface KnownTag {
  /** When the upstream last said where the tag points. */
  readonly confirmedMs: number;
  readonly nowMs: number;
  /** How long that is believed. */
  readonly freshMs: number;
}

/** Whether the tag needs no asking. A time in the future (a clock that was set back) is not believed. */
export function isFresh({ confirmedMs, nowMs, freshMs }: KnownTag): boolean {
  const ageMs = nowMs - confirmedMs;
  return ageMs >= 0 && ageMs < freshMs;
}

/** Longer than any date. */
const maxHeaderLength = 100;

/** The seconds of a Retry-After header, as seconds or as a date (RFC 9110, section 10.2.3). */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null || header.length > maxHeaderLength) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header);
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, Math.ceil((dateMs - nowMs) / 1000));
}
