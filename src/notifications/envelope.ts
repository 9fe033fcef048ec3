// The envelope in which events travel, byte for byte as Go's encoder writes it.
import type { Notification } from "./event.ts";

/** The media type of an envelope. */
export const envelopeType = "application/vnd.docker.distribution.events.v2+json";

/** One line of JSON, for the queue. */
export function formatNotification(notification: Notification): string {
  return JSON.stringify(notification);
}

/** The body of a request that delivers one event of the queue. */
export function formatEnvelope(line: string): string {
  return JSON.stringify({ events: [JSON.parse(line)] }, undefined, 3).replace(/[<>&\u2028\u2029]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
