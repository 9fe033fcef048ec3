// The registry itself: its address, how to trust it, what takes its space, what it does by itself, and its caches.
import type { VNode } from "preact";
import type { StateAnswer } from "../answers.ts";
import { useLoaded } from "../loading.tsx";
import { Fact } from "../named-texts.tsx";
import { FailureNotice, LoadingNotice, Notice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { CopyButton, Moment } from "../shown-values.tsx";
import { formatByteCount, formatSpan } from "../units.ts";
import { CachesTable } from "./caches-table.tsx";
import { UsagePart } from "./usage-part.tsx";

/** The view of the registry. */
export function RegistryView(): VNode {
  const { texts, client, session } = usePage();
  const { loaded, reload } = useLoaded<StateAnswer>(
    (signal) => client.askJson({ path: client.apiPath("state"), scope: "registry:catalog:*", signal }),
    [],
  );
  return (
    <>
      <h1 tabIndex={-1}>{texts.registry}</h1>
      {loaded.kind === "loading" && <LoadingNotice />}
      {loaded.kind === "failed" && <FailureNotice error={loaded.error} retry={reload} />}
      {loaded.kind === "ready" && (
        <>
          {loaded.value.isReadOnly && <Notice>{texts.readOnly}</Notice>}
          <AddressPart state={loaded.value} />
          {session.seesEverything && <UsagePart />}
          {session.seesEverything && <ChoresPart state={loaded.value} />}
          {loaded.value.caches.length > 0 && <CachesTable caches={loaded.value.caches} cached={loaded.value.cached} />}
        </>
      )}
    </>
  );
}

function AddressPart({ state: { url, version, certificate } }: { readonly state: StateAnswer }): VNode {
  const { texts, session } = usePage();
  return (
    <section>
      <h2>{texts.address}</h2>
      <dl class="facts">
        <Fact name={texts.address}>
          <code class="wrap">{url}</code> <CopyButton text={url} what={texts.address} />
        </Fact>
        <Fact name={texts.version}>{version}</Fact>
        <Fact name={texts.deletion}>{session.deletion.reason ?? texts.deletionOn}</Fact>
        <Fact name={texts.certificate}>
          {certificate === null ? (
            texts.plainHttp
          ) : (
            <>
              {texts.expires} <Moment time={certificate.ends} isExact />
            </>
          )}
        </Fact>
        {certificate !== null && (
          <>
            <Fact name={texts.certificateNames}>{certificate.names.join(", ")}</Fact>
            <Fact name={texts.fingerprint}>
              <code class="wrap">{certificate.fingerprint}</code>
            </Fact>
          </>
        )}
      </dl>
      {certificate !== null && <TrustPart authority={certificate.authorityFingerprint} />}
    </section>
  );
}

function TrustPart({ authority }: { readonly authority: string | null }): VNode {
  const { texts, client } = usePage();
  const line = `sudo registry trust ${window.location.host}`;
  return (
    <>
      <h3>{texts.trustTitle}</h3>
      {authority === null ? (
        <p>{texts.trustElsewhere}</p>
      ) : (
        <>
          <p>{texts.trustIntro}</p>
          <div class="line">
            <code>{line}</code>
            <CopyButton text={line} what={texts.trustTitle} />
          </div>
          <dl class="facts">
            <Fact name={texts.authorityFingerprint}>
              <code class="wrap">{authority}</code>
            </Fact>
          </dl>
          <p>
            <a href={client.authorityPath} download="ca.crt">
              {texts.trustDownload}
            </a>
          </p>
        </>
      )}
    </>
  );
}

function ChoresPart({ state: { collection, check } }: { readonly state: StateAnswer }): VNode {
  const { texts } = usePage();
  return (
    <section>
      <h2>{texts.chores}</h2>
      <dl class="facts">
        <Fact name={texts.collection}>
          <Schedule chore={collection} />
          {collection.last !== null && (
            <span> {texts.collectionResult(formatByteCount(collection.last.freedBytes, texts.language))}</span>
          )}
        </Fact>
        <Fact name={texts.check}>
          <Schedule chore={check} />
          {check.last !== null && <span> {texts.checkResult(check.last.lost, check.last.repairable)}</span>}
        </Fact>
      </dl>
    </section>
  );
}

/** How often, and when last. */
function Schedule({
  chore,
}: {
  readonly chore: {
    readonly isScheduled: boolean;
    readonly intervalMs: number | null;
    readonly last: null | { readonly ended: string };
  };
}): VNode {
  const { texts } = usePage();
  const { isScheduled, intervalMs, last } = chore;
  return (
    <>
      {isScheduled && intervalMs !== null ? texts.every(formatSpan(intervalMs, texts.language)) : texts.notScheduled}
      {" · "}
      {last === null ? (
        <span class="quiet">{texts.notYet}</span>
      ) : (
        <>
          {texts.lastRun} <Moment time={last.ended} />
        </>
      )}
    </>
  );
}
