// Names and texts, such as labels and annotations, which strangers wrote.
import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import type { NamedText } from "./image-document.ts";
import { usePage } from "./page-context.tsx";

const firstItems = 20;
const stepItems = 200;
/** Of one text; all of it is in the raw manifest. */
const shownLetters = 4000;

/** The texts in a table. */
export function NamedTexts({ items }: { readonly items: readonly NamedText[] }): VNode {
  const { texts } = usePage();
  const [count, setCount] = useState(firstItems);
  const rest = items.length - count;
  return (
    <>
      <dl class="facts">
        {items.slice(0, count).map(([name, text]) => (
          <Fact key={name} name={name}>
            <span class="wrap">{text.slice(0, shownLetters)}</span>
          </Fact>
        ))}
      </dl>
      {rest > 0 && (
        <button type="button" class="small" onClick={() => setCount(count + stepItems)}>
          {texts.moreOf(Math.min(rest, stepItems))}
        </button>
      )}
    </>
  );
}

/** One name with what belongs to it. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): VNode {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
