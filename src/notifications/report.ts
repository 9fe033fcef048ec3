// What notifications report: counts and log lines are made of it elsewhere.

/** Something that happened on the way to an endpoint. */
export type NotificationReport =
  | { readonly kind: "queued"; readonly endpoint: string; readonly count: number }
  | { readonly kind: "delivered"; readonly endpoint: string; readonly status: number }
  /** The endpoint answered with a status that is no success. */
  | { readonly kind: "refused"; readonly endpoint: string; readonly status: number; readonly reason: string }
  /** There was no answer. */
  | { readonly kind: "unanswered"; readonly endpoint: string; readonly reason: string }
  /** Given up, since the queue is full. */
  | { readonly kind: "dropped"; readonly endpoint: string; readonly count: number }
  /** How many events wait now. */
  | { readonly kind: "waiting"; readonly endpoint: string; readonly count: number };

/** Receives reports. */
export type ReportNotification = (report: NotificationReport) => void;
