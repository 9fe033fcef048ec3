// Sizes, times, digests and texts to be copied, as they are shown everywhere.
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { usePage } from "./page-context.tsx";
import { formatAge, formatByteCount, formatMoment, shortenDigest } from "./units.ts";

/** A size; a dash if it is not known. */
export function ByteCount({ sizeBytes }: { readonly sizeBytes: number | null | undefined }): VNode {
  const { texts } = usePage();
  if (sizeBytes === null || sizeBytes === undefined) return <span class="quiet">–</span>;
  return <span class="number">{formatByteCount(sizeBytes, texts.language)}</span>;
}

/** How long ago, with the moment itself behind it; or the moment itself. */
export function Moment({
  time,
  otherwise = "–",
  isExact = false,
}: {
  readonly time: string | null | undefined;
  readonly otherwise?: string;
  readonly isExact?: boolean;
}): VNode {
  const { texts } = usePage();
  const timeMs = Date.parse(time ?? "");
  if (Number.isNaN(timeMs)) return <span class="quiet">{otherwise}</span>;
  const moment = formatMoment(timeMs, texts.language);
  return (
    <time dateTime={new Date(timeMs).toISOString()} title={moment}>
      {isExact ? moment : formatAge(timeMs, { nowMs: Date.now(), language: texts.language })}
    </time>
  );
}

/** The beginning of a digest; all of it for who asks. */
export function ShortDigest({ digest }: { readonly digest: string }): VNode {
  return (
    <code class="digest" title={digest}>
      {shortenDigest(digest)}
    </code>
  );
}

const shownMs = 2000;

/** A button that copies a text, and says so. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }): VNode {
  const { texts, announce } = usePage();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), shownMs);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    announce(texts.copied);
  };
  return (
    <button type="button" class="small" aria-label={texts.copyWhat(what)} onClick={() => void copy()}>
      {isCopied ? texts.copied : texts.copy}
    </button>
  );
}

/** Browsers have a clipboard for HTTPS and this machine; elsewhere a selection is copied. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
