// The pages of an upstream's list, one after the other. However many there are, the number of pages, bytes and seconds
// spent on one answer is bounded.
import { stepAside } from "../lib/pacer.ts";
import { createSweeper } from "../lib/sweeper.ts";
import { isRecord } from "../oci/descriptor.ts";
import type { UpstreamRepository } from "./routing.ts";
import type { Upstream } from "./upstream.ts";

/** One page. */
export interface ListPage {
  readonly items: readonly unknown[];
  /** Whether the list ends here; otherwise a limit may have ended the reading. */
  readonly isLast: boolean;
}

const maxPages = 100;
/** Of all pages. */
const maxBytes = 32 * 1024 * 1024;
const sweepBytes = 4 * 1024 * 1024;

/** The pages from a path on; none if the upstream has no such list. `field` holds the items. */
export async function* readPages(
  { upstream, remoteName }: UpstreamRepository<Upstream>,
  { path: first, field }: { readonly path: string; readonly field: string },
): AsyncGenerator<ListPage> {
  const startedMs = performance.now();
  const sweep = createSweeper(sweepBytes);
  let sizeBytes = 0;
  let path: string | undefined = first;
  for (let page = 1; path !== undefined; page += 1) {
    const answer = await upstream.getList(remoteName, path);
    // The list has gone in the meantime.
    if (answer === undefined && page > 1) yield { items: [], isLast: true };
    if (answer === undefined) return;
    sizeBytes += answer.sizeBytes;
    // What it was parsed from takes many times its length in memory, also of the last one.
    sweep(answer.sizeBytes);
    path = answer.next;
    yield { items: itemsOf(answer.value, field), isLast: path === undefined };
    const isLate = performance.now() - startedMs > upstream.times.answerMs;
    if (isLate || page === maxPages || sizeBytes > maxBytes) return;
    await stepAside();
  }
}

/** The items of a list; none if it is not a list. */
export function itemsOf(value: unknown, field: string): readonly unknown[] {
  const items = isRecord(value) ? value[field] : undefined;
  return Array.isArray(items) ? items : [];
}
