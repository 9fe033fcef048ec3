// A list that shows its first items, and more for who asks: what strangers wrote may have any length.
import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import { usePage } from "./page-context.tsx";

const firstItems = 10;
const stepItems = 200;

/** The list. */
export function BoundedList<T>({
  items,
  keyOf,
  children,
  isOrdered = false,
}: {
  readonly items: readonly T[];
  readonly keyOf: (item: T, index: number) => string;
  readonly children: (item: T, index: number) => ComponentChildren;
  readonly isOrdered?: boolean;
}): VNode | null {
  const { texts } = usePage();
  const [count, setCount] = useState(firstItems);
  if (items.length === 0) return null;
  const rest = items.length - count;
  const List = isOrdered ? "ol" : "ul";
  return (
    <>
      <List class="items">
        {items.slice(0, count).map((item, index) => (
          <li key={keyOf(item, index)}>{children(item, index)}</li>
        ))}
      </List>
      {rest > 0 && (
        <button type="button" class="small" onClick={() => setCount(count + stepItems)}>
          {texts.moreOf(Math.min(rest, stepItems))}
        </button>
      )}
    </>
  );
}
