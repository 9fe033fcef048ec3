// The page: who one is, where one is, and what is shown there.
import type { VNode } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { isAnonymous, type SessionAnswer } from "./answers.ts";
import type { PageTexts } from "./english.ts";
import type { PageClient } from "./page-client.ts";
import { type PageContext, pageContext } from "./page-context.tsx";
import { formatPageLocation, type PageLocation, parseLocation } from "./page-location.ts";
import { ImageView } from "./views/image-view.tsx";
import { LoginDialog } from "./views/login-dialog.tsx";
import { RegistryView } from "./views/registry-view.tsx";
import { RepositoriesView } from "./views/repositories-view.tsx";
import { RepositoryView } from "./views/repository-view.tsx";

/** What the page begins with. */
export interface PageShellProps {
  readonly texts: PageTexts;
  readonly client: PageClient;
  readonly session: SessionAnswer;
  readonly host: string;
  /** Sets what is called when a login is no longer good for anything. */
  readonly watchExpiry: (onExpired: () => void) => void;
}

/** The whole page. */
export function PageShell({ texts, client, session: first, host, watchExpiry }: PageShellProps): VNode {
  const [session, setSession] = useState(first);
  const [reason, setReason] = useState<string | "asked" | undefined>(undefined);
  const [message, announce] = useState("");
  const location = useLocation();
  const openFolders = useMemo(() => new Set<string>(), [session]);
  const askLogin = useCallback(() => setReason("asked"), []);
  useEffect(() => {
    watchExpiry(() => {
      setSession((before) => ({ ...before, user: null, kind: "anonymous" }));
      setReason(texts.expired);
    });
  }, []);
  const page: PageContext = { texts, client, session, host, askLogin, announce, openFolders };
  const logIn = (next: SessionAnswer) => {
    setSession(next);
    setReason(undefined);
    announce(texts.loggedInAs(next.user ?? ""));
  };
  const logOut = async () => {
    client.logout();
    setSession(await client.findSession());
  };
  return (
    <pageContext.Provider value={page}>
      <PageHeader page={page} location={location} onLogOut={() => void logOut()} />
      <CurrentView key={`${session.kind} ${session.user}`} location={location} page={page} />
      <div class="hidden" role="status" aria-live="polite">
        {message}
      </div>
      {reason !== undefined && (
        <LoginDialog
          texts={texts}
          client={client}
          reason={reason === "asked" ? undefined : reason}
          onLogin={logIn}
          onClose={() => setReason(undefined)}
        />
      )}
    </pageContext.Provider>
  );
}

/** Where one is, as the browser's own buttons change it too. */
function useLocation(): PageLocation {
  const [hash, setHash] = useState(window.location.hash);
  useEffect(() => {
    const follow = () => setHash(window.location.hash);
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  return useMemo(() => parseLocation(hash), [hash]);
}

function PageHeader({
  page: { texts, session, host, askLogin },
  location,
  onLogOut,
}: {
  readonly page: PageContext;
  readonly location: PageLocation;
  readonly onLogOut: () => void;
}): VNode {
  const isRegistry = location.kind === "registry";
  const skip = () => document.querySelector("h1")?.focus();
  return (
    <header>
      <button type="button" class="skip" onClick={skip}>
        {texts.skip}
      </button>
      <a class="brand" href="#/">
        <span class="mark" aria-hidden="true" />
        <span>{host}</span>
      </a>
      <nav aria-label={texts.menu}>
        <a href="#/" aria-current={isRegistry ? undefined : "page"}>
          {texts.repositories}
        </a>
        <a href={formatPageLocation({ kind: "registry" })} aria-current={isRegistry ? "page" : undefined}>
          {texts.registry}
        </a>
      </nav>
      {session.login !== null && (
        <div class="who">
          {!isAnonymous(session) && <span class="user">{session.user ?? session.kind}</span>}
          <button type="button" class="small" onClick={isAnonymous(session) ? askLogin : onLogOut}>
            {isAnonymous(session) ? texts.logIn : texts.logOut}
          </button>
        </div>
      )}
    </header>
  );
}

/** The name of what is shown, for the window and for the heading's focus. */
function titleOf(location: PageLocation, texts: PageTexts): string {
  if (location.kind === "repository") return location.name;
  if (location.kind === "image") return `${location.name} ${location.reference}`;
  return location.kind === "registry" ? texts.registry : texts.repositories;
}

function CurrentView({ location, page }: { readonly location: PageLocation; readonly page: PageContext }): VNode {
  const { texts, host } = page;
  const main = useRef<HTMLElement>(null);
  const title = titleOf(location, texts);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} · ${host}`;
    // Who does not see the page hears where it went; at the start the browser says so itself.
    if (!isFirst.current) main.current?.querySelector("h1")?.focus();
    isFirst.current = false;
  }, [title]);
  return (
    <main ref={main} id="main">
      <ViewOf location={location} texts={texts} />
    </main>
  );
}

function ViewOf({ location, texts }: { readonly location: PageLocation; readonly texts: PageTexts }): VNode {
  switch (location.kind) {
    case "repositories":
      return <RepositoriesView query={location.query} />;
    case "repository":
      return <RepositoryView key={location.name} location={location} />;
    case "image":
      return <ImageView key={`${location.name} ${location.reference}`} {...location} />;
    case "registry":
      return <RegistryView />;
    case "nowhere":
      return (
        <>
          <h1 tabIndex={-1}>{texts.notFound}</h1>
          <a href="#/">{texts.backToStart}</a>
        </>
      );
  }
}
