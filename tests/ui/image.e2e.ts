// An image and the registry itself in Chromium: everything that is shown of them, and an image that goes while one looks.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { minimal, startWith } from "../e2e/configured.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { findBarriers, hasChromium, openBrowser, openWindow } from "./browser.ts";
import { Pusher, pushRelease, type StoredDescriptor } from "./stored-content.ts";

const name = "team/app";

describe.skipIf(!hasChromium)("an image", () => {
  let registry: StartedRegistry;
  let browser: Browser;
  let release: StoredDescriptor;

  beforeAll(async () => {
    registry = await startRegistry();
    release = await pushRelease(new Pusher(registry, name), "1.4.2");
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await registry?.[Symbol.asyncDispose]();
  });

  test("shows platforms, configuration, history, layers, annotations and referrers", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page, complaints } = window;
    await window.goTo(`#/images/${name}:1.4.2`);
    await page.getByText("serve --listen 0.0.0.0:8080").waitFor();
    for (const text of [
      release.digest,
      "/usr/local/bin/app",
      "APP_VERSION=1.4.2",
      "8080/tcp",
      "65532",
      "team@example",
    ]) {
      await page.getByText(text).first().waitFor();
    }
    const section = (heading: string) => page.locator("section", { has: page.getByRole("heading", { name: heading }) });
    expect(await section("History").locator("li").allInnerTexts()).toEqual([
      expect.stringMatching(/ADD file:3f2a in \/\s+60 kB/),
      expect.stringMatching(/ENV APP_VERSION=1.4.2\s+no layer/),
      expect.stringMatching(/RUN apt-get update.*\s+30 kB/),
      expect.stringMatching(/COPY app.*\s+2 kB/),
    ]);
    expect(await section("Layers").locator("li").count()).toEqual(3);
    expect(await section("Annotations").textContent()).toContain("org.opencontainers.image.version");
    await page.getByRole("button", { name: "linux/arm64" }).click();
    await page.locator("dd", { hasText: "linux/arm64" }).waitFor();
    await page.getByText("Raw manifest").click();
    expect(await page.locator("pre").textContent()).toContain('"manifests": [');
    await section("Referrers").getByText("application/spdx+json").waitFor();
    expect([await findBarriers(page), complaints]).toEqual([[], []]);
  });

  test("hands over an SBOM as a file", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo(`#/images/${name}:1.4.2`);
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download application/spdx+json" }).click();
    const download = await waiting;
    const path = await download.path();
    expect([download.suggestedFilename(), readFileSync(path, "utf8")]).toEqual([
      "sbom.spdx.json",
      '{"spdxVersion":"SPDX-2.3"}',
    ]);
  });

  test("is pulled with the line that is copied", async () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    await using window = await openWindow(browser, registry.url, { permissions });
    const { page } = window;
    await window.goTo(`#/images/${name}:1.4.2`);
    const host = new URL(registry.url).host;
    for (const [client, line] of [
      ["docker", `docker pull ${host}/${name}:1.4.2`],
      ["podman", `podman pull ${host}/${name}:1.4.2`],
      ["containerd", `ctr images pull ${host}/${name}:1.4.2`],
    ] as const) {
      await page.getByRole("button", { name: client, exact: true }).click();
      await page.getByText(line, { exact: true }).waitFor();
    }
    await page.getByRole("button", { name: "docker", exact: true }).click();
    await page.getByRole("button", { name: "Copy Pull" }).click();
    await page.getByText("Copied").first().waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toEqual(`docker pull ${host}/${name}:1.4.2`);
  });

  test("does not fetch as a configuration what is none", async () => {
    const pusher = new Pusher(registry, "team/large");
    const config = await pusher.blob("x".repeat(2_000_000), "application/vnd.oci.image.config.v1+json");
    await pusher.manifest({ config, layers: [] }, "v1");
    await using window = await openWindow(browser, registry.url);
    const asked: string[] = [];
    window.page.on("request", (request) => asked.push(request.url()));
    await window.goTo("#/images/team/large:v1");
    await window.page.getByText("The configuration is not shown: it has 2 MB.").waitFor();
    expect(asked.filter((url) => url.includes("/blobs/"))).toEqual([]);
  });

  test("says so if it disappears while one looks at it, or is pushed anew", async () => {
    const pusher = new Pusher(registry, "team/passing");
    await pushRelease(pusher, "v1");
    await using window = await openWindow(browser, registry.url);
    const { page, complaints } = window;
    await window.goTo("#/images/team/passing:v1");
    await page.getByText("serve --listen 0.0.0.0:8080").waitFor();
    await pushRelease(pusher, "v1", { salt: "another" });
    await page.evaluate("window.dispatchEvent(new Event('focus'))");
    await page.getByText("This tag has been pushed again since.").waitFor();
    const { digest } = await pushRelease(pusher, "v1", { salt: "another" });
    await page.getByRole("button", { name: "Show the new one" }).click();
    await page.getByText(digest).first().waitFor();
    await page.getByText("serve --listen 0.0.0.0:8080").waitFor();
    const response = await registry.fetch(`/v2/team/passing/manifests/${digest}`, { method: "DELETE" });
    expect(response.status).toEqual(202);
    await page.evaluate("window.dispatchEvent(new Event('focus'))");
    await page.getByText("This image is no longer there").first().waitFor();
    expect(await page.getByRole("button", { name: "Delete…" }).count()).toEqual(0);
    expect([await findBarriers(page), complaints]).toEqual([[], []]);
    await window.goTo("#/images/team/passing:never");
    await page.getByText("This image is no longer there").first().waitFor();
  });

  test("is deleted from its own view, and one is back at its repository", async () => {
    const pusher = new Pusher(registry, "team/short");
    const { digest } = await pushRelease(pusher, "v1");
    await pusher.image({ config: { os: "linux" }, layers: ["x"] }, "v2");
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo("#/images/team/short:v1");
    await page.getByRole("button", { name: "Delete…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("no tag is left for it").first().waitFor();
    await dialog.getByText("part of an index that goes").first().waitFor();
    await dialog.getByText("refers to what goes").first().waitFor();
    await dialog.getByRole("button", { name: "Delete 1 tag" }).click();
    await page.getByRole("heading", { name: "team/short" }).waitFor();
    await page.locator("tbody th", { hasText: "v2" }).waitFor();
    const gone = await Promise.all(["v1", digest].map((each) => registry.fetch(`/v2/team/short/manifests/${each}`)));
    expect([await page.locator("tbody tr").count(), gone.map(({ status }) => status)]).toEqual([1, [404, 404]]);
  });

  test("the registry shows its address, how to trust it, its space and what it does by itself", async () => {
    const started = await registry.fetch(`/v2/${name}/blobs/uploads/`, { method: "POST" });
    expect(started.status).toEqual(202);
    await using window = await openWindow(browser, registry.url);
    const { page, complaints } = window;
    await window.goTo("#/registry");
    await page.getByText("1 session, 0 B").waitFor();
    // It is printed with a space in the middle, and may wrap there.
    const stdout = registry.stdout().replaceAll(/\s/g, "");
    const printed = /SHA-256((?:[0-9A-F]{2}:){31}[0-9A-F]{2})/.exec(stdout)?.[1] ?? "none was printed";
    await page.getByText(printed).first().waitFor();
    await page.getByText(`sudo registry trust ${new URL(registry.url).host}`).waitFor();
    await page.getByText("every 24 hours").waitFor();
    await page.getByRole("link", { name, exact: true }).waitFor();
    const authority = await page.evaluate("fetch('/ca.crt').then((response) => response.text())");
    expect([authority, await findBarriers(page), complaints]).toEqual([readFileSync(registry.ca, "utf8"), [], []]);
  });

  test("a registry that caches others, and lets nobody delete, says so and offers nothing else", async () => {
    const upstreams = "[{host: up.example, remoteurl: 'https://up.example'}]";
    await using cache = await startWith(`${minimal}proxy:\n  upstreams: ${upstreams}\n`);
    await pushRelease(new Pusher(cache, name), "v1");
    await using window = await openWindow(browser, cache.url);
    const { page, complaints } = window;
    await window.goTo("#/registry");
    const row = page.locator("tr", { hasText: "https://up.example" });
    // The server has looked for it by itself, or is about to.
    await row.getByText(/not asked yet|does not answer/).waitFor();
    await page.getByText("deletion is disabled (storage.delete.enabled)").waitFor();
    await page.getByText("none: this registry speaks plain HTTP").waitFor();
    await window.goTo(`#/repositories/${name}`);
    await page.locator("tbody th", { hasText: "v1" }).waitFor();
    const offered = [page.getByRole("button", { name: "Delete…" }), page.getByLabel("Select v1")];
    expect(await Promise.all(offered.map((each) => each.count()))).toEqual([0, 0]);
    expect([await findBarriers(page), complaints]).toEqual([[], []]);
  }, 120_000);
});
