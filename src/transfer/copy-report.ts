// What a copy reports, for a display of its progress.
import type { Digest } from "../oci/digest.ts";

/** What happened. */
export type CopyEvent =
  /** A blob that the destination needs was found, whether or not it has to be sent. */
  | { readonly kind: "blob"; readonly sizeBytes: number }
  /** Bytes that need not be sent: they are there, or were mounted, or an earlier attempt has sent them. */
  | { readonly kind: "skipped"; readonly how: "there" | "mounted" | "resumed"; readonly sizeBytes: number }
  /** Bytes are on their way. */
  | { readonly kind: "bytes"; readonly sizeBytes: number }
  | { readonly kind: "sent"; readonly digest: Digest }
  | { readonly kind: "manifest"; readonly digest: Digest; readonly isNew: boolean };

/** Receives what happens. */
export type CopyReport = (event: CopyEvent) => void;

/** What a run came to. */
export interface CopySummary {
  readonly manifests: number;
  readonly blobs: number;
  readonly sentBlobs: number;
  readonly sentBytes: number;
  readonly knownBytes: number;
  readonly skippedBytes: number;
}

/** Counts what happens. */
export function countCopies(): { readonly report: CopyReport; readonly summary: () => CopySummary } {
  let summary: CopySummary = { manifests: 0, blobs: 0, sentBlobs: 0, sentBytes: 0, knownBytes: 0, skippedBytes: 0 };
  const report: CopyReport = (event) => {
    if (event.kind === "manifest") summary = { ...summary, manifests: summary.manifests + (event.isNew ? 1 : 0) };
    else if (event.kind === "sent") summary = { ...summary, sentBlobs: summary.sentBlobs + 1 };
    else if (event.kind === "bytes") summary = { ...summary, sentBytes: summary.sentBytes + event.sizeBytes };
    else if (event.kind === "skipped") summary = { ...summary, skippedBytes: summary.skippedBytes + event.sizeBytes };
    else summary = { ...summary, blobs: summary.blobs + 1, knownBytes: summary.knownBytes + event.sizeBytes };
  };
  return { report, summary: () => summary };
}
