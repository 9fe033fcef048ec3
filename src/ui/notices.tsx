// What is said in the place of something that is not there: it loads, it failed, or one has to log in first.
import type { ComponentChildren, VNode } from "preact";
import { isAnonymous } from "./answers.ts";
import type { PageTexts } from "./english.ts";
import { ClientError } from "./page-client.ts";
import { usePage } from "./page-context.tsx";

/** That something loads. */
export function LoadingNotice({ text }: { readonly text?: string }): VNode {
  const { texts } = usePage();
  return (
    <p class="notice quiet" role="status">
      {text ?? texts.loading}
    </p>
  );
}

/** Something to be noticed. */
export function Notice({ children, isBad }: { readonly children: ComponentChildren; readonly isBad?: boolean }): VNode {
  return (
    <div class={isBad === true ? "notice bad" : "notice"} role={isBad === true ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** Why something is not shown, and what one can do. */
export function FailureNotice({ error, retry }: { readonly error: unknown; readonly retry?: () => void }): VNode {
  const { texts, session, askLogin } = usePage();
  const canLogIn = isRefused(error) && session.login !== null && isAnonymous(session);
  return (
    <Notice isBad={!canLogIn}>
      <p>{canLogIn ? texts.needsLogin : describeError(error, texts)}</p>
      {canLogIn ? (
        <button type="button" class="primary" onClick={askLogin}>
          {texts.logIn}
        </button>
      ) : (
        retry !== undefined && (
          <button type="button" onClick={retry}>
            {texts.again}
          </button>
        )
      )}
    </Notice>
  );
}

/** Whether the registry refuses it to the caller. */
export function isRefused(error: unknown): boolean {
  return error instanceof ClientError && (error.status === 401 || error.status === 403);
}

/** Whether the registry says that there is no such thing. */
export function isGone(error: unknown): boolean {
  return error instanceof ClientError && error.status === 404;
}

/** In one sentence, followed by the registry's own message. */
export function describeError(error: unknown, texts: PageTexts): string {
  if (!(error instanceof ClientError)) return texts.failed;
  if (error.status === 0) return texts.unreachable;
  if (isRefused(error)) return texts.denied;
  if (error.status === 429 || error.status === 503) return `${texts.tooMany} ${error.message}`.trim();
  return `${texts.failed} ${error.message}`.trim();
}
