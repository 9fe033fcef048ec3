// The caches of other registries: whether those answer, and how much the caches spared them.
import type { VNode } from "preact";
import type { CacheRow, StateAnswer } from "../answers.ts";
import { usePage } from "../page-context.tsx";

/** The table. */
export function CachesTable({
  caches,
  cached,
}: {
  readonly caches: readonly CacheRow[];
  readonly cached: StateAnswer["cached"];
}): VNode {
  const { texts } = usePage();
  const count = (value: number | null) => value?.toLocaleString(texts.language) ?? "–";
  return (
    <section>
      <h2>{texts.caches}</h2>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">{texts.cache}</th>
            <th scope="col">{texts.state}</th>
            <th scope="col" class="right">
              {texts.remainingPulls}
            </th>
          </tr>
        </thead>
        <tbody>
          {caches.map((cache) => (
            <tr key={cache.host}>
              <th scope="row">
                {cache.host} <span class="quiet wrap">{cache.url}</span>
              </th>
              <td data-label={texts.state}>
                <span class={cache.state === "failing" ? "problem" : undefined}>{texts.cacheStates[cache.state]}</span>
                {cache.problem !== null && <span class="quiet wrap"> {cache.problem}</span>}
              </td>
              <td class="right number" data-label={texts.remainingPulls}>
                {count(cache.remainingPulls)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {cached !== null && <p class="quiet">{texts.answersSince(cached.hits, cached.misses)}</p>}
    </section>
  );
}
