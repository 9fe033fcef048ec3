// A field to search or filter by: the location follows what is typed, after a short pause.
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatPageLocation, type PageLocation } from "./page-location.ts";

/** How long after the last letter. */
const typingMs = 150;

/** Goes there without a step to go back to, since neither each letter nor each order is one. */
export function replaceLocation(location: PageLocation): void {
  window.history.replaceState(null, "", formatPageLocation(location));
  window.dispatchEvent(new Event("hashchange"));
}

/** The field. */
export function SearchField({
  query,
  label,
  hint,
  maxLength,
  onChange,
}: {
  readonly query: string;
  readonly label: string;
  readonly hint: string;
  readonly maxLength: number;
  readonly onChange: (text: string) => void;
}): VNode {
  const [text, setText] = useState(query);
  useEffect(() => setText(query), [query]);
  useEffect(() => {
    if (text === query) return undefined;
    const timer = setTimeout(() => onChange(text), typingMs);
    return () => clearTimeout(timer);
  }, [text, query]);
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={hint}
      value={text}
      spellcheck={false}
      autocapitalize="none"
      maxLength={maxLength}
      onInput={(event) => setText(event.currentTarget.value)}
    />
  );
}
