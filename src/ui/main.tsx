// Where the page begins: what the document says of the registry, who one is, and then the page itself.
import { render } from "preact";
import { chooseTexts } from "./choose-texts.ts";
import { PageClient } from "./page-client.ts";
import { PageShell } from "./page-shell.tsx";

/** What the document says of the registry. */
function readMeta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

async function main(place: HTMLElement): Promise<void> {
  const texts = chooseTexts(navigator.languages);
  document.documentElement.lang = texts.language;
  const prefix = readMeta("registry");
  let onExpired = () => {};
  const client = new PageClient({
    fetch: (path, init) => fetch(path, init),
    now: Date.now,
    prefix,
    tokenServer: readMeta("token-server"),
    onExpired: () => onExpired(),
  });
  try {
    const session = await client.findSession();
    const watchExpiry = (next: () => void) => {
      onExpired = next;
    };
    const host = `${window.location.host}${prefix.replace(/\/$/, "")}`;
    render(<PageShell texts={texts} client={client} session={session} host={host} watchExpiry={watchExpiry} />, place);
  } catch {
    render(
      <div class="notice bad" role="alert">
        <p>{texts.unreachable}</p>
        <button type="button" onClick={() => window.location.reload()}>
          {texts.again}
        </button>
      </div>,
      place,
    );
  }
}

const place = document.getElementById("page");
if (place !== null) void main(place);
