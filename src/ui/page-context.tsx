// What every part of the page works with.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { SessionAnswer } from "./answers.ts";
import type { PageTexts } from "./english.ts";
import type { PageClient } from "./page-client.ts";

/** What every part of the page works with. */
export interface PageContext {
  readonly texts: PageTexts;
  readonly client: PageClient;
  readonly session: SessionAnswer;
  /** Host and port of the registry, with its prefix: what image names begin with. */
  readonly host: string;
  /** Opens the dialog to log in. */
  readonly askLogin: () => void;
  /** Says something to everybody, also to who does not see the page. */
  readonly announce: (text: string) => void;
  /** Which folders of the tree are open, so that they still are when one comes back. */
  readonly openFolders: Set<string>;
}

/** Provided by the page itself. */
export const pageContext = createContext<PageContext | undefined>(undefined);

/** What the page provides. */
export function usePage(): PageContext {
  const page = useContext(pageContext);
  if (page === undefined) throw new Error("there is no page around this");
  return page;
}
