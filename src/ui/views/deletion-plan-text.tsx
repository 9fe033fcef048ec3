// What a deletion would do, in words: what goes, what stays and why, and what becomes free.
import type { VNode } from "preact";
import type { DeletionPlanAnswer, StayingManifest } from "../answers.ts";
import { BoundedList } from "../bounded-list.tsx";
import type { PageTexts } from "../english.ts";
import { usePage } from "../page-context.tsx";
import { ByteCount, ShortDigest } from "../shown-values.tsx";
import { formatAge, formatByteCount } from "../units.ts";

/** The plan as text. */
export function DeletionPlanText({ plan }: { readonly plan: DeletionPlanAnswer }): VNode {
  const { texts } = usePage();
  const { tags, manifests, kept, refused, unknown, isComplete } = plan;
  const hasKept = kept.length + refused.length > 0 || plan.shared.blobs > 0;
  return (
    <div>
      {tags.length + manifests.length === 0 && <p>{texts.nothingToDelete}</p>}
      {tags.length + manifests.length > 0 && <GoingPart plan={plan} />}
      {hasKept && (
        <section>
          <h3>{texts.stays}</h3>
          {kept.length > 0 && (
            <>
              <p>{texts.stillNeeded}</p>
              <BoundedList items={kept} keyOf={({ digest }) => digest}>
                {(each) => (
                  <>
                    <ShortDigest digest={each.digest} /> {describeKept(each, texts)}
                  </>
                )}
              </BoundedList>
              <MoreLeft count={plan.keptCount - kept.length} />
            </>
          )}
          {refused.length > 0 && (
            <>
              <p>{texts.refusedTags}</p>
              <BoundedList items={refused} keyOf={({ tag }) => tag}>
                {({ tag, reason }) => (
                  <>
                    <b>{tag}</b> {reason}
                  </>
                )}
              </BoundedList>
              <MoreLeft count={plan.refusedCount - refused.length} />
            </>
          )}
          {plan.shared.blobs > 0 && (
            <p>{texts.sharedStays(plan.shared.blobs, formatByteCount(plan.shared.sizeBytes, texts.language))}</p>
          )}
        </section>
      )}
      {unknown.length > 0 && (
        <p class="quiet">
          {texts.unknownTags} {unknown.slice(0, 20).join(", ")}
        </p>
      )}
      {!isComplete && <p class="problem">{texts.incomplete}</p>}
    </div>
  );
}

/** What is not listed is counted. */
function MoreLeft({ count }: { readonly count: number }): VNode | null {
  const { texts } = usePage();
  return count > 0 ? <p class="quiet">{texts.andMore(count)}</p> : null;
}

function GoingPart({ plan: { tags, manifests, freed } }: { readonly plan: DeletionPlanAnswer }): VNode {
  const { texts } = usePage();
  return (
    <section>
      <h3>{texts.goes}</h3>
      {tags.length > 0 && <p>{texts.goingTags(tags.length)}</p>}
      <BoundedList items={tags} keyOf={({ tag }) => tag}>
        {({ tag, digest }) => (
          <>
            <b>{tag}</b> <ShortDigest digest={digest} />
          </>
        )}
      </BoundedList>
      {manifests.length > 0 && <p>{texts.goingManifests(manifests.length)}</p>}
      <BoundedList items={manifests} keyOf={({ digest }) => digest}>
        {({ digest, sizeBytes, because }) => (
          <>
            <ShortDigest digest={digest} /> <ByteCount sizeBytes={sizeBytes} />{" "}
            <span class="quiet">{texts.because[because]}</span>
          </>
        )}
      </BoundedList>
      <p>{describeFreed(freed, texts)}</p>
    </section>
  );
}

function describeKept({ because, by, count }: StayingManifest, texts: PageTexts): string {
  const names = by.map((name) => (name.includes(":") ? name.slice(0, 19) : name)).join(", ");
  const more = count > by.length ? ` ${texts.aliasesMore(count - by.length)}` : "";
  return texts.keptBecause[because](`${names}${more}`);
}

function describeFreed(freed: DeletionPlanAnswer["freed"], texts: PageTexts): string {
  const begin = texts.freed(freed.blobs, formatByteCount(freed.sizeBytes, texts.language));
  const bound = freed.isExact ? "" : ` (${texts.atMost})`;
  const byMs = Date.parse(freed.by ?? "");
  const when = Number.isNaN(byMs)
    ? texts.freeUnscheduled
    : texts.freeBy(formatAge(byMs, { nowMs: Date.now(), language: texts.language }));
  return `${begin}${bound} ${when}`;
}
