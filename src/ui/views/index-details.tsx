// An index: its platforms, and the image of the one that is chosen.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { choosePlatform, type ManifestDocument } from "../image-document.ts";
import { useLoaded } from "../loading.tsx";
import { FailureNotice, isGone, LoadingNotice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { formatPageLocation } from "../page-location.ts";
import { readManifest } from "../read-image.ts";
import { ImageDetails } from "./image-details.tsx";
import { GoneNotice } from "./image-notices.tsx";

/** Shows one platform at a time. */
export function IndexDetails({ name, index }: { readonly name: string; readonly index: ManifestDocument }): VNode {
  const { texts, client } = usePage();
  const [chosen, setChosen] = useState(choosePlatform(index.manifests)?.digest);
  const { loaded, reload } = useLoaded(
    async (signal) =>
      chosen === undefined ? undefined : await readManifest(client, { name, reference: chosen }, signal),
    [name, chosen],
  );
  const child = loaded.kind === "ready" ? loaded.value?.document : undefined;
  return (
    <>
      <section>
        <h2>{texts.platforms}</h2>
        <fieldset class="choices">
          <legend class="hidden">{texts.platforms}</legend>
          {index.manifests.slice(0, 200).map(({ digest, platform, artifactType }) => (
            <button
              key={digest}
              type="button"
              class="small"
              title={digest}
              aria-pressed={digest === chosen}
              onClick={() => setChosen(digest)}
            >
              {platform ?? artifactType ?? digest.slice(0, 19)}
            </button>
          ))}
        </fieldset>
        {chosen !== undefined && (
          <p>
            <a href={formatPageLocation({ kind: "image", name, reference: chosen })}>
              <code class="wrap">{chosen}</code>
            </a>
          </p>
        )}
      </section>
      {loaded.kind === "loading" && <LoadingNotice />}
      {loaded.kind === "failed" &&
        (isGone(loaded.error) ? <GoneNotice name={name} /> : <FailureNotice error={loaded.error} retry={reload} />)}
      {child !== undefined && <ImageDetails key={chosen} name={name} manifest={child} />}
    </>
  );
}
