// What one image is made of: configuration, history with the sizes of its layers, and the layers themselves.
import type { VNode } from "preact";
import { BoundedList } from "../bounded-list.tsx";
import { type ConfigDocument, type HistoryStep, type ManifestDocument, sumSizes } from "../image-document.ts";
import { useLoaded } from "../loading.tsx";
import { Fact, NamedTexts } from "../named-texts.tsx";
import { FailureNotice, LoadingNotice, Notice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { type ConfigAnswer, readConfig } from "../read-image.ts";
import { ByteCount, Moment, ShortDigest } from "../shown-values.tsx";
import { formatByteCount } from "../units.ts";

/** Everything below one manifest. */
export function ImageDetails({
  name,
  manifest,
}: {
  readonly name: string;
  readonly manifest: ManifestDocument;
}): VNode {
  const { client } = usePage();
  const { loaded, reload } = useLoaded((signal) => readConfig(client, { name, manifest }, signal), [name, manifest]);
  const config = loaded.kind === "ready" ? loaded.value : undefined;
  const history = config?.kind === "known" ? config.document.history : [];
  return (
    <>
      {loaded.kind === "loading" && <LoadingNotice />}
      {loaded.kind === "failed" && <FailureNotice error={loaded.error} retry={reload} />}
      {config !== undefined && <ConfigPart config={config} />}
      {history.length > 0 && <HistoryPart steps={history} />}
      <LayersPart manifest={manifest} />
    </>
  );
}

function ConfigPart({ config }: { readonly config: ConfigAnswer }): VNode {
  const { texts } = usePage();
  return (
    <section>
      <h2>{texts.configuration}</h2>
      {config.kind === "tooLarge" && (
        <Notice>{texts.configTooLarge(formatByteCount(config.sizeBytes, texts.language))}</Notice>
      )}
      {config.kind === "other" && <OtherConfig text={config.text} />}
      {config.kind === "known" && <KnownConfig document={config.document} />}
    </section>
  );
}

const shownLetters = 20_000;

function OtherConfig({ text }: { readonly text: string }): VNode {
  const { texts } = usePage();
  return (
    <>
      <p class="quiet">{texts.configOther}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
      <pre tabIndex={0}>{text.slice(0, shownLetters)}</pre>
    </>
  );
}

function KnownConfig({ document }: { readonly document: ConfigDocument }): VNode {
  const { texts } = usePage();
  const words = [
    [texts.entryPoint, document.entryPoint],
    [texts.command, document.command],
    [texts.ports, document.ports],
    [texts.volumes, document.volumes],
  ] as const;
  const single = [
    [texts.platform, document.platform],
    [texts.author, document.author],
    [texts.user, document.user],
    [texts.workingDirectory, document.workingDirectory],
    [texts.stopSignal, document.stopSignal],
  ] as const;
  return (
    <>
      <dl class="facts">
        {document.created !== undefined && (
          <Fact name={texts.created}>
            <Moment time={document.created} />
          </Fact>
        )}
        {single.map(
          ([name, text]) =>
            text !== undefined && (
              <Fact key={name} name={name}>
                {text}
              </Fact>
            ),
        )}
        {words.map(
          ([name, list]) =>
            list.length > 0 && (
              <Fact key={name} name={name}>
                <code class="wrap">{list.map(quoteWord).join(" ")}</code>
              </Fact>
            ),
        )}
        {document.environment.length > 0 && (
          <Fact name={texts.environment}>
            <BoundedList items={document.environment} keyOf={(_, index) => String(index)}>
              {(each) => <code class="wrap">{each}</code>}
            </BoundedList>
          </Fact>
        )}
      </dl>
      {document.labels.length > 0 && (
        <>
          <h3>{texts.labels}</h3>
          <NamedTexts items={document.labels} />
        </>
      )}
    </>
  );
}

/** So that one sees where a word ends. */
function quoteWord(word: string): string {
  return word === "" || word.includes(" ") ? JSON.stringify(word) : word;
}

function HistoryPart({ steps }: { readonly steps: readonly HistoryStep[] }): VNode {
  const { texts } = usePage();
  const largest = Math.max(1, ...steps.slice(0, 1000).map(({ layer }) => layer?.sizeBytes ?? 0));
  return (
    <section>
      <h2>{texts.history}</h2>
      <BoundedList items={steps} keyOf={(_, index) => String(index)} isOrdered>
        {({ command, layer }) => (
          <div class="step">
            <code class="wrap">
              {command === "" ? <span class="quiet">{texts.noCommand}</span> : command.slice(0, 2000)}
            </code>
            {layer === undefined ? (
              <span class="quiet right">{texts.emptyStep}</span>
            ) : (
              <span class="right">
                <ByteCount sizeBytes={layer.sizeBytes} />
                <span class="share" aria-hidden="true">
                  <span style={{ inlineSize: `${Math.ceil((100 * layer.sizeBytes) / largest)}%` }} />
                </span>
              </span>
            )}
          </div>
        )}
      </BoundedList>
    </section>
  );
}

function LayersPart({ manifest: { layers } }: { readonly manifest: ManifestDocument }): VNode {
  const { texts } = usePage();
  return (
    <section>
      <h2>
        {texts.layers}{" "}
        <span class="quiet">
          {layers.length} · <ByteCount sizeBytes={sumSizes(layers)} />
        </span>
      </h2>
      <BoundedList items={layers} keyOf={(_, index) => String(index)} isOrdered>
        {({ digest, mediaType, sizeBytes, annotations }) => (
          <div class="step">
            <span>
              <ShortDigest digest={digest} /> <span class="quiet wrap">{mediaType}</span>
              {annotations.slice(0, 5).map(([name, text]) => (
                <span key={name} class="wrap small-text">
                  {name}: {text.slice(0, 200)}
                </span>
              ))}
            </span>
            <span class="right">
              <ByteCount sizeBytes={sizeBytes} />
            </span>
          </div>
        )}
      </BoundedList>
    </section>
  );
}
