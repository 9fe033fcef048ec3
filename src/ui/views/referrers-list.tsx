// What refers to an image: signatures, SBOMs, attestations, with their types and a download.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { BoundedList } from "../bounded-list.tsx";
import { nameFile } from "../file-name.ts";
import type { NamedContent } from "../image-document.ts";
import { useLoaded } from "../loading.tsx";
import { describeError, FailureNotice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { formatPageLocation } from "../page-location.ts";
import { readReferrer, readReferrers } from "../read-image.ts";
import { ByteCount, ShortDigest } from "../shown-values.tsx";

/** The list. */
export function ReferrersList({ name, digest }: { readonly name: string; readonly digest: string }): VNode {
  const { texts, client } = usePage();
  const { loaded, reload } = useLoaded(
    (signal) => readReferrers(client, { name, reference: digest }, signal),
    [name, digest],
  );
  return (
    <section>
      <h2>{texts.referrers}</h2>
      {loaded.kind === "failed" && <FailureNotice error={loaded.error} retry={reload} />}
      {loaded.kind === "ready" && loaded.value.length === 0 && <p class="quiet">{texts.noReferrers}</p>}
      {loaded.kind === "ready" && (
        <BoundedList items={loaded.value} keyOf={(each) => each.digest}>
          {(referrer) => <ReferrerLine name={name} referrer={referrer} />}
        </BoundedList>
      )}
    </section>
  );
}

function ReferrerLine({ name, referrer }: { readonly name: string; readonly referrer: NamedContent }): VNode {
  const { texts, client } = usePage();
  const [problem, setProblem] = useState("");
  const { digest } = referrer;
  const type = referrer.artifactType ?? referrer.mediaType;
  const download = async () => {
    setProblem("");
    try {
      const { bytes, title } = await readReferrer(client, { name, reference: digest });
      saveFile(bytes, nameFile(title, digest));
    } catch (error) {
      setProblem(describeError(error, texts));
    }
  };
  return (
    <div class="step">
      <span>
        <b class="wrap">{type}</b>{" "}
        <a href={formatPageLocation({ kind: "image", name, reference: digest })}>
          <ShortDigest digest={digest} />
        </a>
        {problem !== "" && (
          <span class="problem" role="alert">
            {" "}
            {problem}
          </span>
        )}
      </span>
      <span class="right">
        <ByteCount sizeBytes={referrer.sizeBytes} />{" "}
        <button type="button" class="small" aria-label={`${texts.download} ${type}`} onClick={() => void download()}>
          {texts.download}
        </button>
      </span>
    </div>
  );
}

/** Handed over as a file, whatever it is: the browser shows and runs nothing of it. */
function saveFile(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
