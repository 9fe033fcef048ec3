// Chromium, as a user has it: a window on the page of a registry, and what went wrong in it.
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { requireProgram } from "../e2e/program.ts";

/** Whether there is a Chromium; its tests are skipped otherwise. */
export const hasChromium = requireProgram("chromium", "chromium");

/** Other programs run on the same machine: whoever waits for something on the page waits so long. */
export const patienceMs = 60_000;

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with a profile of its own, which ends with it. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = Bun.which("chromium");
  if (executablePath === null) throw new Error("there is no chromium");
  return await chromium.launch({ executablePath, args: flags, timeout: patienceMs });
}

/** A window. */
export interface Window extends AsyncDisposable {
  readonly page: Page;
  /** Errors of scripts, what the security policy stopped, and requests to anybody but the registry. */
  readonly complaints: string[];
  /** Goes to a place of the page, such as "#/registry". */
  goTo(hash: string): Promise<void>;
}

/** Opens a window on the page of a registry, whose certificate it trusts. */
export async function openWindow(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Window> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    locale: "en-GB",
    viewport: { width: 1200, height: 800 },
    ...options,
  });
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const complaints: string[] = [];
  // Said of every refused fetch, which the page itself deals with.
  const isNoise = (text: string) => text.startsWith("Failed to load resource");
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !isNoise(message.text())) complaints.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    if (origin !== new URL(url).origin && !request.url().startsWith("blob:")) complaints.push(`asked ${request.url()}`);
  });
  return {
    page,
    complaints,
    goTo: async (hash) => {
      await page.goto(`${url.replace(/\/$/, "")}/${hash}`);
      await page.locator("h1").first().waitFor();
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** What axe-core finds serious or critical: the rule, and where. */
export async function findBarriers(page: Page): Promise<string[]> {
  // Through the debugger, which the page's security policy does not concern.
  await page.evaluate(axe.source);
  return (await page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.slice(0, 5).map(({ html }) => id + ": " + html.slice(0, 200))))`)) as string[];
}

/** How far the page is wider than the window. */
export async function findOverflow(page: Page): Promise<number> {
  return (await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")) as number;
}

/** Fills in the dialog to log in. */
export async function logIn(
  page: Page,
  { username, password }: { readonly username: string; readonly password: string },
) {
  await page.locator("header").getByRole("button", { name: "Log in" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("User name").fill(username);
  await dialog.getByLabel("Password or API token").fill(password);
  await dialog.getByRole("button", { name: "Log in" }).click();
}
