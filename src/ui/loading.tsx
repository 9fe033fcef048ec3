// Loading from the registry: one thing, or one page after the other. What is no longer wanted is cut off.
import type { VNode } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { usePage } from "./page-context.tsx";

/** Something that is loaded. */
export type Loaded<T> =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "ready"; readonly value: T };

/** Loads anew whenever a key changes, or when `reload` is called. */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
): { readonly loaded: Loaded<T>; readonly reload: () => void } {
  const [loaded, setLoaded] = useState<Loaded<T>>({ kind: "loading" });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    setLoaded({ kind: "loading" });
    load(controller.signal).then(
      (value) => !controller.signal.aborted && setLoaded({ kind: "ready", value }),
      (error: unknown) => !controller.signal.aborted && setLoaded({ kind: "failed", error }),
    );
    return () => controller.abort();
  }, [...keys, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { loaded, reload };
}

/** Pages that came so far. */
export interface LoadedPages<T> {
  readonly pages: readonly T[];
  readonly error: unknown;
  readonly isLoading: boolean;
  /** Loads the next page; undefined if there is none. */
  readonly loadMore: (() => void) | undefined;
  /** Begins again with the first page. */
  readonly reload: () => void;
}

type PagesState<T> = Pick<LoadedPages<T>, "pages" | "error" | "isLoading">;

/** Loads the first page whenever a key changes, and the next ones when they are asked for. */
export function useLoadedPages<T extends { readonly next: string | null }>(
  load: (path: string | undefined, signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
): LoadedPages<T> {
  const [state, setState] = useState<PagesState<T>>({ pages: [], error: undefined, isLoading: true });
  const current = useRef<AbortController | undefined>(undefined);
  const loadPage = (before: readonly T[], path: string | undefined) => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    // What is shown stays until the next answer is there, so that nothing flickers while one types.
    setState((now) => ({ ...now, error: undefined, isLoading: true }));
    load(path, controller.signal).then(
      (page) =>
        !controller.signal.aborted && setState({ pages: [...before, page], error: undefined, isLoading: false }),
      (error: unknown) => !controller.signal.aborted && setState({ pages: before, error, isLoading: false }),
    );
  };
  useEffect(() => {
    loadPage([], undefined);
    return () => current.current?.abort();
  }, keys);
  const next = state.pages.at(-1)?.next ?? undefined;
  return {
    ...state,
    loadMore: next === undefined || state.isLoading ? undefined : () => loadPage(state.pages, next),
    reload: () => loadPage([], undefined),
  };
}

/** Loads the next page; nothing if there is none. */
export function MoreButton({ loadMore }: Pick<LoadedPages<unknown>, "loadMore">): VNode | null {
  const { texts } = usePage();
  if (loadMore === undefined) return null;
  return (
    <button type="button" class="more" onClick={loadMore}>
      {texts.more}
    </button>
  );
}
