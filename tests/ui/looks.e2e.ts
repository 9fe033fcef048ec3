// How the page looks in Chromium: light and dark, in Chinese, on a phone, by keyboard alone. PAGE_PICTURES=DIR takes
// pictures of each view, and UPDATE_PICTURE=1 the one of the README.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { findBarriers, findOverflow, hasChromium, openBrowser, openWindow } from "./browser.ts";
import { Pusher, pushRelease } from "./stored-content.ts";

/** Where pictures are put, to be looked at; nowhere unless it is named. */
const pictures = process.env.PAGE_PICTURES;
const readmePicture = join(import.meta.dir, "../../docs/page.png");

const views = [
  ["tree", "#/", ".tree-row"],
  ["search", "#/?q=team", "tbody tr"],
  ["repository", "#/repositories/team/web/frontend", "tbody tr"],
  ["image", "#/images/team/web/frontend:1.4.2", ".step"],
  ["registry", "#/registry", ".meter"],
] as const;

const looks: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["chinese", { locale: "zh-CN" }],
  ["phone", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme: "dark" }],
];

describe.skipIf(!hasChromium)("the page", () => {
  let registry: StartedRegistry;
  let browser: Browser;

  beforeAll(async () => {
    if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
    registry = await startRegistry({ args: ["--http"] });
    const frontend = new Pusher(registry, "team/web/frontend");
    for (const tag of ["1.3.9", "1.4.0", "1.4.1", "1.4.2", "1.4.10", "2.0.0-rc.1"]) await pushRelease(frontend, tag);
    await pushRelease(frontend, "latest", { salt: "1.4.10" });
    for (const name of ["team/web/backend", "team/db/migrate", "base/alpine", "tools/ci/runner"]) {
      await pushRelease(new Pusher(registry, name), "v1");
    }
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await registry?.[Symbol.asyncDispose]();
  });

  describe.each(looks)("%s", (look, options) => {
    test.each(views)("%s is readable, and as wide as the window", async (view, hash, shown) => {
      await using window = await openWindow(browser, registry.url, options);
      const { page, complaints } = window;
      await window.goTo(hash);
      await page.locator(shown).first().waitFor();
      if (pictures !== undefined)
        await page.screenshot({ path: join(pictures, `${look}-${view}.png`), fullPage: true });
      expect([await findBarriers(page), await findOverflow(page), complaints]).toEqual([[], 0, []]);
    });
  });

  test("it is dark for who likes it dark", async () => {
    const groundOf = async (colorScheme: "light" | "dark") => {
      await using window = await openWindow(browser, registry.url, { colorScheme });
      await window.goTo("#/");
      return await window.page.evaluate("getComputedStyle(document.body).backgroundColor");
    };
    expect([await groundOf("light"), await groundOf("dark")]).toEqual(["rgb(246, 247, 248)", "rgb(20, 24, 27)"]);
  });

  test("it speaks Chinese with who does", async () => {
    await using window = await openWindow(browser, registry.url, { locale: "zh-CN" });
    const { page } = window;
    await window.goTo("#/repositories/team/web/frontend");
    await page.getByText("7 个标签").waitFor();
    expect([await page.evaluate("document.documentElement.lang"), await page.locator("nav").textContent()]).toEqual([
      "zh-Hans",
      expect.stringMatching(/仓库服务状态/),
    ]);
  });

  test("it is used by keyboard alone: the focus goes where one goes, and comes back from a question", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo("#/repositories/team/web/frontend");
    const focused = () => page.evaluate("document.activeElement?.textContent?.trim() ?? ''");
    await page.getByLabel("Select 1.4.1", { exact: true }).focus();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Delete…" }).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Delete 1 tag" }).waitFor();
    // The focus stays in the dialog.
    for (let index = 0; index < 6; index += 1) await page.keyboard.press("Tab");
    expect(
      await page.evaluate(
        "document.querySelector('dialog').contains(document.activeElement) || document.activeElement === document.body",
      ),
    ).toEqual(true);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await focused()).toEqual("Delete…");
    await page.getByRole("link", { name: "1.4.1", exact: true }).first().focus();
    await page.keyboard.press("Enter");
    await page.getByText("serve --listen 0.0.0.0:8080").waitFor();
    expect([await focused(), await page.title()]).toEqual([
      "team/web/frontend:1.4.1",
      expect.stringContaining("team/web/frontend 1.4.1"),
    ]);
  });

  const updates = process.env.UPDATE_PICTURE === "1" ? ["the picture of the README is made"] : [];
  for (const update of updates)
    test(update, async () => {
      await using window = await openWindow(browser, registry.url, { viewport: { width: 1000, height: 430 } });
      await window.goTo("#/repositories/team/web/frontend");
      await window.page.locator("tbody tr").first().waitFor();
      await window.page.screenshot({ path: readmePicture });
    });
});
