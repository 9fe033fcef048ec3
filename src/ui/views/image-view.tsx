// An image: what it is made of, what refers to it, and how it is pulled.
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { TagsAnswer } from "../answers.ts";
import type { ManifestDocument } from "../image-document.ts";
import { useLoaded } from "../loading.tsx";
import { Fact, NamedTexts } from "../named-texts.tsx";
import { FailureNotice, isGone, LoadingNotice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { formatPageLocation, isDigest, repositoryAt } from "../page-location.ts";
import { type ContentPlace, findDigest, type ManifestAnswer, readManifest } from "../read-image.ts";
import { CopyButton, Moment } from "../shown-values.tsx";
import { DeletionDialog } from "./deletion-dialog.tsx";
import { ImageDetails } from "./image-details.tsx";
import { GoneNotice, MovedNotice } from "./image-notices.tsx";
import { IndexDetails } from "./index-details.tsx";
import { PullLines } from "./pull-lines.tsx";
import { ReferrersList } from "./referrers-list.tsx";
import { RepositoryPath } from "./repository-path.tsx";

/** The view of one image. */
export function ImageView(place: ContentPlace): VNode {
  const { client } = usePage();
  const { name, reference } = place;
  const { loaded, reload } = useLoaded((signal) => readManifest(client, place, signal), [name, reference]);
  const digest = loaded.kind === "ready" ? loaded.value.digest : undefined;
  const change = useWatchedTag(place, digest);
  return (
    <>
      <div class="bar">
        <RepositoryPath name={name} reference={reference} />
      </div>
      {loaded.kind === "loading" && <LoadingNotice />}
      {loaded.kind === "failed" &&
        (isGone(loaded.error) ? <GoneNotice name={name} /> : <FailureNotice error={loaded.error} retry={reload} />)}
      {change === "gone" && <GoneNotice name={name} />}
      {change === "moved" && <MovedNotice reload={reload} />}
      {loaded.kind === "ready" && <ShownManifest place={place} manifest={loaded.value} isGone={change === "gone"} />}
    </>
  );
}

/** Somebody may delete or move it while one looks at it: that is looked for whenever one comes back to the window. */
function useWatchedTag(place: ContentPlace, digest: string | undefined): "moved" | "gone" | undefined {
  const { client } = usePage();
  const [change, setChange] = useState<"moved" | "gone" | undefined>(undefined);
  useEffect(() => {
    setChange(undefined);
    if (digest === undefined) return undefined;
    const look = async () => {
      if (document.visibilityState !== "visible") return;
      const found = await findDigest(client, place).catch(() => digest);
      setChange(found === undefined ? "gone" : found === digest ? undefined : "moved");
    };
    const listener = () => void look();
    window.addEventListener("focus", listener);
    document.addEventListener("visibilitychange", listener);
    return () => {
      window.removeEventListener("focus", listener);
      document.removeEventListener("visibilitychange", listener);
    };
  }, [place.name, place.reference, digest]);
  return change;
}

function ShownManifest({
  place,
  manifest,
  isGone: hasGone,
}: {
  readonly place: ContentPlace;
  readonly manifest: ManifestAnswer;
  readonly isGone: boolean;
}): VNode {
  const { texts } = usePage();
  const { name } = place;
  const { digest, text, document } = manifest;
  return (
    <>
      <ManifestFacts place={place} manifest={manifest} isGone={hasGone} />
      {document !== undefined && <PullLines place={place} document={document} />}
      {document?.kind === "index" && <IndexDetails name={name} index={document} />}
      {document?.kind === "image" && <ImageDetails name={name} manifest={document} />}
      {document !== undefined && document.annotations.length > 0 && (
        <section>
          <h2>{texts.annotations}</h2>
          <NamedTexts items={document.annotations} />
        </section>
      )}
      <ReferrersList name={name} digest={digest} />
      <RawManifest text={text} />
    </>
  );
}

function ManifestFacts({
  place: { name, reference },
  manifest: { digest, document },
  isGone: hasGone,
}: {
  readonly place: ContentPlace;
  readonly manifest: ManifestAnswer;
  readonly isGone: boolean;
}): VNode {
  const { texts, client, session } = usePage();
  const { loaded } = useLoaded<TagsAnswer>(
    (signal) => {
      const path = client.apiPath(`repositories/${name}/tags?${new URLSearchParams({ digest, n: "20" })}`);
      return client.askJson({ path, scope: `repository:${name}:pull`, signal });
    },
    [name, digest],
  );
  const tags = loaded.kind === "ready" ? loaded.value : undefined;
  const mayDelete = session.deletion.isPossible && tags?.upstream === null && tags.actions.includes("delete");
  return (
    <section class="head">
      <dl class="facts">
        <Fact name={texts.digest}>
          <code class="wrap">{digest}</code> <CopyButton text={digest} what={texts.digest} />
        </Fact>
        <Fact name={texts.type}>
          {kindOf(document, texts)} <span class="quiet wrap">{document?.artifactType ?? document?.mediaType}</span>
        </Fact>
        {document?.subject !== undefined && (
          <Fact name={texts.subject}>
            <a href={formatPageLocation({ kind: "image", name, reference: document.subject.digest })}>
              <code class="wrap">{document.subject.digest}</code>
            </a>
          </Fact>
        )}
        {tags !== undefined && <TagsOfImage place={{ name, reference }} tags={tags.tags} />}
      </dl>
      {mayDelete && !hasGone && <DeleteButton place={{ name, reference }} digest={digest} />}
    </section>
  );
}

/** When it was pushed and pulled, and the other tags that lead to it. */
function TagsOfImage({
  place: { name, reference },
  tags,
}: {
  readonly place: ContentPlace;
  readonly tags: TagsAnswer["tags"];
}): VNode {
  const { texts } = usePage();
  const [first] = tags;
  const others = tags.filter(({ tag }) => tag !== reference);
  return (
    <>
      {first !== undefined && (
        <Fact name={texts.pushed}>
          <Moment time={first.pushed} />
          <span class="quiet">
            {" · "}
            {texts.pulled} <Moment time={first.pulled} otherwise={texts.never} />
          </span>
        </Fact>
      )}
      {others.length > 0 && (
        <Fact name={isDigest(reference) ? texts.tagsHeading : texts.aliases}>
          {others.map(({ tag }) => (
            <span key={tag} class="alias">
              <a href={formatPageLocation({ kind: "image", name, reference: tag })}>{tag}</a>{" "}
            </span>
          ))}
        </Fact>
      )}
    </>
  );
}

function DeleteButton({
  place: { name, reference },
  digest,
}: {
  readonly place: ContentPlace;
  readonly digest: string;
}): VNode {
  const { texts } = usePage();
  const [isDeleting, setDeleting] = useState(false);
  const leave = () => {
    window.location.hash = formatPageLocation(repositoryAt(name));
  };
  return (
    <>
      <button type="button" class="danger" onClick={() => setDeleting(true)}>
        {texts.deleteThis}
      </button>
      {isDeleting && (
        <DeletionDialog
          name={name}
          wish={isDigest(reference) ? { digests: [digest] } : { tags: [reference] }}
          onDone={leave}
          onClose={() => setDeleting(false)}
        />
      )}
    </>
  );
}

function kindOf(document: ManifestDocument | undefined, texts: ReturnType<typeof usePage>["texts"]): string {
  if (document === undefined) return texts.unknown;
  if (document.artifactType !== undefined) return texts.artifact;
  return document.kind === "index" ? texts.index : texts.image;
}

function RawManifest({ text }: { readonly text: string }): VNode {
  const { texts } = usePage();
  const [isOpen, setOpen] = useState(false);
  return (
    <section>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <h2>{texts.rawManifest}</h2>
        </summary>
        {isOpen && (
          <>
            <CopyButton text={text} what={texts.rawManifest} />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
            <pre tabIndex={0}>{formatJson(text)}</pre>
          </>
        )}
      </details>
    </section>
  );
}

/** Longer ones are shown as they are: laid out they would be several times as long. */
const maxFormattedLetters = 512 * 1024;

function formatJson(text: string): string {
  if (text.length > maxFormattedLetters) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
