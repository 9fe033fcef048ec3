// What is said of an image that is not what one came to look at.
import type { VNode } from "preact";
import { Notice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { formatPageLocation, repositoryAt } from "../page-location.ts";

/** There is no such image, or no longer. */
export function GoneNotice({ name }: { readonly name: string }): VNode {
  const { texts } = usePage();
  return (
    <Notice isBad>
      <p>{texts.imageGone}</p>
      <a href={formatPageLocation(repositoryAt(name))}>{name}</a>
    </Notice>
  );
}

/** The tag leads to another image by now. */
export function MovedNotice({ reload }: { readonly reload: () => void }): VNode {
  const { texts } = usePage();
  return (
    <Notice>
      <p>{texts.imageMoved}</p>
      <button type="button" onClick={reload}>
        {texts.showNew}
      </button>
    </Notice>
  );
}
