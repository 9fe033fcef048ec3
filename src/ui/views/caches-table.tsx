// The caches of other registries: whether those answer, and how much the caches spared them.
import type { VNode } from "preact";
import type { CacheRow } from "../answers.ts";
import { usePage } from "../page-context.tsx";

/** The table. */
export function CachesTable({ caches }: { readonly caches: readonly CacheRow[] }): VNode {
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
              {texts.hits}
            </th>
            <th scope="col" class="right">
              {texts.misses}
            </th>
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
              <td class="right number" data-label={texts.hits}>
                {count(cache.hits)}
              </td>
              <td class="right number" data-label={texts.misses}>
                {count(cache.misses)}
              </td>
              <td class="right number" data-label={texts.remainingPulls}>
                {count(cache.remainingPulls)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
