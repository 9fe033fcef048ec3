// The repositories and the tags in Chromium, of a registry with 10,000 of each.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { findBarriers, hasChromium, openBrowser, openWindow, patienceMs } from "./browser.ts";
import { digestOfText, Pusher, writeTags, writeTeams } from "./stored-content.ts";

const config = { os: "linux", architecture: "amd64" };
const layer = "a layer";
const count = 10_000;

/** 100 teams of 100 applications each. */
const teams = Array.from({ length: 100 }, (_, index) => `team${index}`);
const apps = Array.from({ length: 100 }, (_, index) => `apps/app${index}`);
const tags = Array.from({ length: count }, (_, index) => `${Math.floor(index / 1000)}.${index % 1000}.0`);

describe.skipIf(!hasChromium)("10,000 repositories and 10,000 tags", () => {
  let registry: StartedRegistry;
  let browser: Browser;
  const directory = temporaryDirectory();

  beforeAll(async () => {
    registry = await startRegistry({ args: ["--http"], data: directory.path });
    const { digest } = await new Pusher(registry, "many/tags").image({ config, layers: [layer] }, "latest");
    const image = { manifest: digest, blobs: [digestOfText(JSON.stringify(config)), digestOfText(layer)] };
    writeTeams(registry.data, { teams, apps, image });
    writeTags(registry.data, "many/tags", { tags, image });
    browser = await openBrowser();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await registry?.[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  test("the tree opens level by level", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page, complaints } = window;
    await window.goTo("#/");
    await page.getByRole("button", { name: "Show what is in team42", exact: true }).click();
    await page.getByRole("button", { name: "Show what is in team42/apps", exact: true }).click();
    const row = page.locator(".tree-row", { has: page.getByRole("link", { name: "app7", exact: true }) });
    await row.waitFor();
    expect(await row.textContent()).toMatch(/^app71\D.*\d+ k?B/);
    expect([await findBarriers(page), complaints]).toEqual([[], []]);
    await page.getByRole("link", { name: "app7", exact: true }).click();
    await page.getByRole("heading", { name: "team42/apps/app7" }).waitFor();
    await page.goBack();
    // What was open is open again.
    await page.getByRole("link", { name: "app7", exact: true }).waitFor();
  });

  test("the search answers as one types, in pages", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo("#/");
    await page.getByLabel("Search repositories").pressSequentially("app99");
    await page.getByRole("link", { name: "team0/apps/app99", exact: true }).waitFor();
    expect(await page.locator("tbody tr").count()).toEqual(50);
    await page.getByRole("button", { name: "Show more" }).click();
    await page.locator("tbody tr").nth(99).waitFor();
    expect([await page.getByRole("button", { name: "Show more" }).count(), await findBarriers(page)]).toEqual([0, []]);
    await page.getByLabel("Search repositories").fill("nothing-like-it");
    await page.getByText("Nothing matches.").waitFor();
  });

  test("tags come in natural order, by size and by push", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo("#/repositories/many/tags");
    await page.getByText("10,001 tags").waitFor();
    const shown = () => page.locator("tbody th").allInnerTexts();
    expect((await shown()).slice(0, 12)).toEqual(tags.slice(0, 12));
    await page.getByRole("button", { name: "Tag", exact: true }).click();
    await page.locator("tbody th", { hasText: "latest" }).waitFor();
    expect((await shown()).slice(1, 3)).toEqual(["9.999.0", "9.998.0"]);
    await page.getByRole("button", { name: "Pushed" }).click();
    await page.locator('th[aria-sort="descending"]', { hasText: "Pushed" }).waitFor();
    await page.getByRole("button", { name: "Size" }).click();
    await page.locator('th[aria-sort="descending"]', { hasText: "Size" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
  });

  test("a filter shows what matches, with its other tags, and all that match are deleted after a question", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page, complaints } = window;
    await window.goTo("#/repositories/many/tags");
    await page.getByLabel("Filter tags").pressSequentially("7.1?.0");
    await page.getByText("10 of 10,001 tags").waitFor();
    expect(await page.locator("tbody tr").first().textContent()).toContain("more");
    await page.getByRole("button", { name: "Select all 10 that match" }).click();
    await page.getByRole("button", { name: "Delete…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("10 tags", { exact: true }).waitFor();
    // Every other tag needs the image.
    await dialog.getByText("Still needed, so it stays:").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Delete…" }).click();
    await dialog.getByRole("button", { name: "Delete 10 tags" }).click();
    await page.getByText("Nothing matches.").waitFor();
    expect(complaints).toEqual([]);
    const response = await registry.fetch("/v2/many/tags/manifests/7.15.0");
    expect([response.status, (await registry.fetch("/v2/many/tags/manifests/7.25.0")).status]).toEqual([404, 200]);
  });

  test("only what is selected goes", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo("#/repositories/many/tags?q=8.1?.0");
    await page.getByLabel("Select 8.10.0").check();
    await page.getByLabel("Select 8.11.0").check();
    await page.getByLabel("Select 8.12.0").check();
    await page.getByLabel("Select 8.12.0").uncheck();
    await page.getByText("2 selected").waitFor();
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete 2 tags" }).click();
    await page.getByText("8 of", { exact: false }).waitFor();
    expect(await page.locator("tbody th").allInnerTexts()).toEqual(tags.slice(8012, 8020));
  });

  test("everything is there within moments", async () => {
    await using window = await openWindow(browser, registry.url);
    const startMs = performance.now();
    await window.goTo("#/");
    await window.page.locator(".tree-row").first().waitFor();
    const treeMs = performance.now() - startMs;
    console.log(`the tree of 10,000 repositories was there after ${Math.round(treeMs)} ms`);
    expect(treeMs).toBeLessThan(patienceMs / 4);
  });
});
