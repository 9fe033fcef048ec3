// What strangers pushed, in Chromium: markup and scripts in everything that can hold a text. It is shown as it is; nothing
// of it runs.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { findBarriers, findOverflow, hasChromium, openBrowser, openWindow } from "./browser.ts";
import { Pusher, type StoredDescriptor } from "./stored-content.ts";

const script = "<script>window.hacked = 1</script>";
const image = `<img src=x onerror="window.hacked = 2">`;
const link = `javascript:window.hacked=3//"'><svg onload=window.hacked=4>`;
const evils = [
  script,
  image,
  link,
  "{{constructor.constructor('window.hacked=5')()}}",
  "\u202egnp.exe",
  "\u0000\ud800",
];
const annotations = Object.fromEntries(
  evils.flatMap((text, index) => [
    [`note${index}`, text],
    [text, "name"],
  ]),
);

describe.skipIf(!hasChromium)("a hostile store", () => {
  let registry: StartedRegistry;
  let browser: Browser;
  let subject: StoredDescriptor;

  beforeAll(async () => {
    registry = await startRegistry({ args: ["--http"] });
    const pusher = new Pusher(registry, "evil/app");
    const config = {
      os: script,
      architecture: image,
      created: script,
      author: link,
      config: {
        Entrypoint: evils,
        Cmd: evils,
        Env: evils,
        ExposedPorts: Object.fromEntries(evils.map((text) => [text, {}])),
        Volumes: { __proto__: {}, [script]: {} },
        User: image,
        WorkingDir: script,
        StopSignal: script,
        Labels: annotations,
      },
      history: [...evils.map((text) => ({ created_by: text, created: text })), null, 7, { created_by: 1 }],
    };
    const fields = { annotations };
    subject = await pusher.image({ config, layers: ["a layer"], fields }, "v1");
    const empty = await pusher.blob("{}", "application/vnd.oci.empty.v1+json");
    const title = { "org.opencontainers.image.title": `../../${script}.html` };
    const layer = { ...(await pusher.blob(script, "text/html")), annotations: title };
    await pusher.manifest({ artifactType: "text/html", config: empty, layers: [layer], subject, annotations });
    await pusher.manifest({ config: { ...empty, mediaType: "text/html" }, layers: [] }, "other");
    const odd = { mediaType: "application/vnd.oci.image.index.v1+json", manifests: [] };
    await pusher.manifest({ ...odd, annotations, artifactType: "image/svg+xml" }, "index");
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await registry?.[Symbol.asyncDispose]();
  });

  test.each([
    ["#/", ".tree-row"],
    ["#/?q=evil", "tbody tr"],
    [`#/?q=${encodeURIComponent(script)}`, ".notice"],
    ["#/repositories/evil/app", "tbody tr"],
    [`#/repositories/evil/app?q=${encodeURIComponent(image)}`, ".notice"],
    [`#/repositories/${encodeURIComponent(script)}`, "main > a"],
    ["#/repositories/../../ca.crt", "main > a"],
    ["#/images/evil/app:v1", ".step"],
    ["#/images/evil/app:other", "pre"],
    ["#/images/evil/app:index", ".wrap"],
    [`#/images/${encodeURIComponent(`${link}:${image}`)}`, "main > a"],
    ["#/registry", ".meter"],
  ])("%s shows it, and runs nothing", async (hash, shown) => {
    await using window = await openWindow(browser, registry.url, { viewport: { width: 360, height: 700 } });
    const { page, complaints } = window;
    const reports =
      "window.reports = []; addEventListener('securitypolicyviolation', (e) => reports.push(e.blockedURI))";
    await page.addInitScript(reports);
    await window.goTo(hash);
    await page.locator(shown).first().waitFor();
    const facts = "JSON.stringify([window.hacked ?? null, window.reports.map(String), document.images.length])";
    expect([await page.evaluate(facts), complaints, await findOverflow(page)]).toEqual(["[null,[],0]", [], 0]);
    expect(await findBarriers(page)).toEqual([]);
  });

  test("the texts are there as they were pushed", async () => {
    await using window = await openWindow(browser, registry.url);
    await window.goTo("#/images/evil/app:v1");
    for (const text of [script, image, link]) await window.page.getByText(text, { exact: true }).first().waitFor();
  });

  test("a download has a name that no system minds, and is no document", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo(`#/images/evil/app@${subject.digest}`);
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download text/html" }).click();
    expect((await waiting).suggestedFilename()).toEqual("script_.html");
  });

  test("the policy stops what is put into the page from outside", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo("#/");
    const attempt = `(async () => {
      const reports = [];
      addEventListener("securitypolicyviolation", (event) => reports.push(event.effectiveDirective));
      const element = document.createElement("script");
      try { element.textContent = "window.hacked = 1"; } catch { reports.push("textContent"); }
      try { document.body.innerHTML += "<b>x</b>"; } catch { reports.push("innerHTML"); }
      await fetch("http://127.0.0.1:9/").catch(() => reports.push("fetch"));
      return JSON.stringify([window.hacked ?? null, reports.includes("innerHTML"), reports.includes("textContent"), reports.includes("fetch")]);
    })()`;
    expect(await page.evaluate(attempt)).toEqual("[null,true,true,true]");
  });
});
