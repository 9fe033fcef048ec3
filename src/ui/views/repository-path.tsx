// The name of a repository as a heading; what its components begin leads to the others that begin so.
import type { VNode } from "preact";
import { formatPageLocation, repositoryAt } from "../page-location.ts";

/** The heading, with the reference of an image behind it. */
export function RepositoryPath({ name, reference }: { readonly name: string; readonly reference?: string }): VNode {
  const components = name.split("/");
  const last = components.at(-1) ?? "";
  return (
    <h1 tabIndex={-1} class="path">
      {components.slice(0, -1).map((component, index) => {
        const begin = components.slice(0, index + 1).join("/");
        return (
          <span key={begin}>
            <a href={formatPageLocation({ kind: "repositories", query: `${begin}/*` })}>{component}</a>/<wbr />
          </span>
        );
      })}
      {reference === undefined ? <span>{last}</span> : <a href={formatPageLocation(repositoryAt(name))}>{last}</a>}
      {reference !== undefined && (
        <span class="reference">
          {reference.includes(":") ? "@" : ":"}
          <wbr />
          {reference}
        </span>
      )}
    </h1>
  );
}
