// What the cache reports: it neither logs nor counts by itself.
import type { ClientEvent, ContentType } from "../client/events.ts";

/** Something that happened. */
export type ProxyEvent =
  | ClientEvent
  /** A client asked for content, and it was cached or not. */
  | { readonly kind: "pull"; readonly type: ContentType; readonly isHit: boolean }
  /** Bytes that came from an upstream. */
  | { readonly kind: "received"; readonly type: ContentType; readonly sizeBytes: number }
  /** Bytes that were sent to a client. */
  | { readonly kind: "sent"; readonly type: ContentType; readonly sizeBytes: number }
  /** The upstream could not answer, and cached content was served. */
  | { readonly kind: "stale"; readonly upstream: string; readonly name: string; readonly reason: string }
  /** An upstream sent something other than what was asked for; it was neither cached nor delivered whole. */
  | { readonly kind: "wrong"; readonly upstream: string; readonly what: string; readonly reason: string }
  /** Another node had begun to fetch a blob, and was waited for. */
  | {
      readonly kind: "waited";
      readonly what: string;
      readonly holder: string;
      readonly waitedMs: number;
      /** Who has fetched it then: that one, we after it had stopped, or both. */
      readonly outcome: "stored" | "taken over" | "fetched";
    }
  /** Content was served without being cached. */
  | { readonly kind: "uncached"; readonly what: string; readonly reason: string };

/** Receives events. */
export type Report = (event: ProxyEvent) => void;
