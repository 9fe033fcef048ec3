// The dialog to log in: a name with a password or an API token.
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionAnswer } from "../answers.ts";
import type { PageTexts } from "../english.ts";
import { ModalDialog } from "../modal-dialog.tsx";
import { describeError, isRefused } from "../notices.tsx";
import type { PageClient } from "../page-client.ts";

interface LoginProps {
  readonly texts: PageTexts;
  readonly client: PageClient;
  /** Why it is asked for; undefined if one asked oneself. */
  readonly reason: string | undefined;
  readonly onLogin: (session: SessionAnswer) => void;
  readonly onClose: () => void;
}

function useLogin({ texts, client, reason, onLogin }: LoginProps) {
  const [problem, setProblem] = useState(reason);
  const [isBusy, setBusy] = useState(false);
  const username = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useEffect(() => username.current?.focus(), []);
  const logIn = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      onLogin(await client.login(username.current?.value ?? "", password.current?.value ?? ""));
    } catch (error) {
      setProblem(isRefused(error) ? texts.wrongLogin : describeError(error, texts));
      setBusy(false);
      password.current?.select();
    }
  };
  return { problem, isBusy, username, password, logIn };
}

/** Asks for a login, until there is one or the dialog is closed. */
export function LoginDialog(props: LoginProps): VNode {
  const { texts, onClose } = props;
  const { problem, isBusy, username, password, logIn } = useLogin(props);
  return (
    <ModalDialog title={texts.loginTitle} onClose={onClose}>
      <form onSubmit={(event) => void logIn(event)}>
        <label>
          {texts.username}
          <input
            ref={username}
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
          />
        </label>
        <label>
          {texts.password}
          <input ref={password} name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="quiet">{texts.passwordHint}</p>
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {texts.cancel}
          </button>
          <button type="submit" class="primary" disabled={isBusy}>
            {texts.logIn}
          </button>
        </div>
      </form>
    </ModalDialog>
  );
}
