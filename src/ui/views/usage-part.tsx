// What takes the space of the registry. Finding out reads everything that is stored, so it may take a while.
import type { VNode } from "preact";
import type { CountAndSize, UsageAnswer } from "../answers.ts";
import { useLoaded } from "../loading.tsx";
import { Fact } from "../named-texts.tsx";
import { FailureNotice, LoadingNotice, Notice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { formatPageLocation, repositoryAt } from "../page-location.ts";
import { ByteCount, Moment } from "../shown-values.tsx";
import { formatAge } from "../units.ts";

/** The part about space. */
export function UsagePart(): VNode {
  const { texts, client } = usePage();
  const { loaded, reload } = useLoaded<UsageAnswer>(
    (signal) => client.askJson({ path: client.apiPath("usage"), scope: "registry:catalog:*", signal }),
    [],
  );
  return (
    <section>
      <h2>{texts.spaceTitle}</h2>
      {loaded.kind === "loading" && <LoadingNotice text={texts.computing} />}
      {loaded.kind === "failed" && <FailureNotice error={loaded.error} retry={reload} />}
      {loaded.kind === "ready" && (
        <>
          <UsageFacts usage={loaded.value} />
          {loaded.value.problems.length > 0 && (
            <Notice isBad>
              <h3>{texts.problems}</h3>
              <ul>
                {loaded.value.problems.map(({ repository, problem }) => (
                  <li key={`${repository} ${problem}`}>
                    {repository}: {problem}
                  </li>
                ))}
              </ul>
            </Notice>
          )}
          {loaded.value.largest.length > 0 && <LargestTable usage={loaded.value} />}
        </>
      )}
    </section>
  );
}

function UsageFacts({ usage }: { readonly usage: UsageAnswer }): VNode {
  const { texts } = usePage();
  const { space, blobs, garbage, uploads } = usage;
  const byMs = Date.parse(garbage.freeBy ?? "");
  const waiting = garbage.waiting ?? { count: 0, sizeBytes: 0 };
  const garbageBytes = waiting.sizeBytes + garbage.trash.sizeBytes;
  const total = Math.max(1, space.totalBytes);
  return (
    <>
      <div class="meter" role="img" aria-label={`${texts.storedBlobs}, ${texts.garbage}, ${texts.freeSpace}`}>
        <span class="used" style={{ inlineSize: `${(100 * blobs.sizeBytes) / total}%` }} />
        <span class="waste" style={{ inlineSize: `${(100 * garbageBytes) / total}%` }} />
      </div>
      <dl class="facts">
        <Fact name={texts.storedBlobs}>
          <Sized value={blobs} />
        </Fact>
        <Fact name={texts.freeSpace}>
          <ByteCount sizeBytes={space.freeBytes} />{" "}
          <span class="quiet">
            / <ByteCount sizeBytes={space.totalBytes} />
          </span>
        </Fact>
        <Fact name={texts.counts}>{texts.contents(usage.repositories, usage.tags, usage.manifests)}</Fact>
        <Fact name={texts.garbage}>
          <Sized value={{ count: waiting.count + garbage.trash.count, sizeBytes: garbageBytes }} />
          {!Number.isNaN(byMs) && (
            <span>
              {", "}
              {texts.garbageFree(formatAge(byMs, { nowMs: Date.now(), language: texts.language }))}
            </span>
          )}
        </Fact>
        {garbage.trash.count > 0 && (
          <Fact name={texts.trash}>
            <Sized value={garbage.trash} />
          </Fact>
        )}
        <Fact name={texts.uploads}>
          {texts.sessionCount(uploads.sessions)}, <ByteCount sizeBytes={uploads.sizeBytes} />
        </Fact>
        <Fact name={texts.asOf}>
          <Moment time={usage.computed} />
        </Fact>
      </dl>
    </>
  );
}

function Sized({ value }: { readonly value: CountAndSize }): VNode {
  const { texts } = usePage();
  return (
    <>
      <ByteCount sizeBytes={value.sizeBytes} /> <span class="quiet">{texts.blobCount(value.count)}</span>
    </>
  );
}

const shownRepositories = 20;

function LargestTable({ usage: { largest } }: { readonly usage: UsageAnswer }): VNode {
  const { texts } = usePage();
  return (
    <>
      <h3>{texts.largest}</h3>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">{texts.name}</th>
            <th scope="col" class="right">
              {texts.tagsHeading}
            </th>
            <th scope="col" class="right">
              {texts.size}
            </th>
            <th scope="col" class="right" title={texts.ownHint}>
              {texts.ownSize}
            </th>
          </tr>
        </thead>
        <tbody>
          {largest.slice(0, shownRepositories).map((row) => (
            <tr key={row.name}>
              <th scope="row">
                <a href={formatPageLocation(repositoryAt(row.name))}>{row.name}</a>
              </th>
              <td class="right number" data-label={texts.tagsHeading}>
                {row.tags.toLocaleString(texts.language)}
              </td>
              <td class="right" data-label={texts.size}>
                <ByteCount sizeBytes={row.sizeBytes} />
              </td>
              <td class="right" data-label={texts.ownSize}>
                <ByteCount sizeBytes={row.ownBytes} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
