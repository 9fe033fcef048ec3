// The lines that pull an image: one client is chosen, its line is copied.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { ManifestDocument } from "../image-document.ts";
import { usePage } from "../page-context.tsx";
import { listPullCommands } from "../pull-commands.ts";
import type { ContentPlace } from "../read-image.ts";
import { CopyButton } from "../shown-values.tsx";

/** The choice and the line. */
export function PullLines({
  place,
  document: { kind, artifactType, config },
}: {
  readonly place: ContentPlace;
  readonly document: ManifestDocument;
}): VNode {
  const { texts, host } = usePage();
  const commands = listPullCommands({ ...place, host, kind, artifactType, configType: config?.mediaType });
  const [client, setClient] = useState(commands[0]?.client);
  const chosen = commands.find((command) => command.client === client) ?? commands[0];
  return (
    <section>
      <h2>{texts.pull}</h2>
      <fieldset class="choices">
        <legend class="hidden">{texts.client}</legend>
        {commands.map((command) => (
          <button
            key={command.client}
            type="button"
            class="small"
            aria-pressed={command.client === chosen?.client}
            onClick={() => setClient(command.client)}
          >
            {command.client}
          </button>
        ))}
      </fieldset>
      {chosen !== undefined && (
        <div class="line">
          <code>{chosen.line}</code>
          <CopyButton text={chosen.line} what={texts.pull} />
        </div>
      )}
    </section>
  );
}
