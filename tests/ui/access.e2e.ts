// Who may see and do what on the page, in Chromium: logins of each kind, refusals, tokens that end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { startWith } from "../e2e/configured.ts";
import { executable, type StartedRegistry } from "../e2e/executable.ts";
import { must } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { findBarriers, hasChromium, logIn, openBrowser, openWindow } from "./browser.ts";
import { Pusher, pushRelease } from "./stored-content.ts";

const password = "correct horse battery stäple";
const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
const authorization = `Basic ${Buffer.from(`alice:${password}`).toString("base64")}`;
const rules = [
  { users: ["alice"], repositories: ["**"], actions: ["pull", "push", "delete"] },
  { users: ["bob"], repositories: ["team/**"], actions: ["pull"] },
];
const anonymous = [{ repositories: ["pub/**"], actions: ["pull"] }];

/** Starts a registry with two users, and an image for each of whom there is to be one. */
async function start(
  directory: string,
  { access, prefix }: { access: unknown; prefix?: string },
): Promise<StartedRegistry> {
  writeFileSync(`${directory}/htpasswd`, `alice:${hash}\nbob:${hash}\n`);
  const registry = await startWith(
    JSON.stringify({
      version: 0.1,
      http: prefix === undefined ? {} : { prefix },
      storage: { filesystem: { rootdirectory: `${directory}/data` }, delete: { enabled: true } },
      auth: { htpasswd: { realm: "test", path: `${directory}/htpasswd` } },
      access,
    }),
    { data: `${directory}/data` },
  );
  const below = prefix === undefined ? registry : { ...registry, fetch: fetchBelow(registry, prefix) };
  for (const name of ["team/app", "pub/app", "secret/app"]) {
    await pushRelease(new Pusher(below, name, { authorization }), "v1");
  }
  return registry;
}

function fetchBelow(registry: StartedRegistry, prefix: string): StartedRegistry["fetch"] {
  return (path, init) => registry.fetch(`${prefix.replace(/\/$/, "")}${path}`, init);
}

describe.skipIf(!hasChromium)("with a token server", () => {
  let registry: StartedRegistry;
  let browser: Browser;
  const directory = temporaryDirectory();

  beforeAll(async () => {
    registry = await start(directory.path, { access: { anonymous, rules } });
    browser = await openBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await registry?.[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  test("somebody unknown sees what anybody may pull, and nothing else", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page, complaints } = window;
    await window.goTo("#/");
    await page.getByText("pub/").waitFor();
    expect(await page.locator(".tree-row").count()).toEqual(1);
    await window.goTo("#/images/pub/app:v1");
    await page.getByText("serve --listen 0.0.0.0:8080").waitFor();
    expect(await page.getByRole("button", { name: "Delete…" }).count()).toEqual(0);
    await window.goTo("#/repositories/team/app");
    await page.getByText("Log in to see this.").waitFor();
    await window.goTo("#/registry");
    await page.getByText("Address").first().waitFor();
    expect([await page.getByText("Space").count(), await findBarriers(page), complaints]).toEqual([0, [], []]);
  });

  test("a wrong password is told, a right one shows what its user may see and do", async () => {
    await using window = await openWindow(browser, registry.url);
    const { page, complaints } = window;
    await window.goTo("#/repositories/team/app");
    await logIn(page, { username: "bob", password: "wrong" });
    await page.getByRole("dialog").getByText("Wrong user name or password.").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("dialog").getByLabel("Password or API token").fill(password);
    await page.getByRole("dialog").getByRole("button", { name: "Log in" }).click();
    await page.locator("tbody th", { hasText: "v1" }).waitFor();
    // Bob may pull, and so is offered nothing else.
    const offered = [page.getByRole("button", { name: "Delete…" }), page.getByLabel("Select v1")];
    expect([await offered[0]?.count(), await offered[1]?.count()]).toEqual([0, 0]);
    await window.page.evaluate("window.location.hash = '#/repositories/secret/app'");
    await page.getByText("You may not see this.").waitFor();
    // Nothing of the login is left behind for whoever reads the disk.
    const kept = "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])";
    expect([await page.evaluate(kept), complaints]).toEqual(['[{},{},""]', []]);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("Log in to see this.").waitFor();
  });

  test("who may delete does", async () => {
    await pushRelease(new Pusher(registry, "team/old", { authorization }), "v1");
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo("#/repositories/team/old");
    await logIn(page, { username: "alice", password });
    await page.getByLabel("Select v1").check();
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete 1 tag" }).click();
    // With its last image a repository is gone as well.
    await page.getByText("There is no such repository").waitFor();
    const response = await registry.fetch("/v2/team/old/manifests/v1", { headers: { Authorization: authorization } });
    expect(response.status).toEqual(404);
  });

  test("an API token logs in as what it was made for, until it is revoked", async () => {
    const token = (...words: string[]) => must([executable, "token", ...words, "--data", registry.data]);
    const printed = await token("create", "page", "--repositories", "team/**", "--actions", "pull", "--expires", "1h");
    const secret = /reg_[0-9A-Za-z]{36}/.exec(printed)?.[0] ?? "";
    await using window = await openWindow(browser, registry.url);
    const { page } = window;
    await window.goTo("#/repositories/team/app");
    await logIn(page, { username: "page", password: secret });
    await page.locator("tbody th", { hasText: "v1" }).waitFor();
    await token("revoke", "page");
    // What was bought with it no longer counts: the page notices, and asks again.
    await page.evaluate("window.location.hash = '#/images/team/app:v1'");
    await page.getByRole("dialog").getByText("Your login is no longer valid. Log in again.").waitFor();
    await page.getByRole("dialog").getByLabel("User name").fill("alice");
    await page.getByRole("dialog").getByLabel("Password or API token").fill(password);
    await page.getByRole("dialog").getByRole("button", { name: "Log in" }).click();
    await page.getByText("serve --listen 0.0.0.0:8080").waitFor();
  });
});

describe.skipIf(!hasChromium)("without tokens, below a prefix", () => {
  test("the page asks for a password itself, and works there", async () => {
    using directory = temporaryDirectory();
    await using registry = await start(directory.path, { access: { rules }, prefix: "/some/where/" });
    const browser = await openBrowser();
    try {
      const url = `${registry.url.replace(/\/$/, "")}/some/where`;
      await using window = await openWindow(browser, url);
      const { page, complaints } = window;
      await window.goTo("#/images/team/app:v1");
      await page.getByText("Log in to see this.").first().waitFor();
      await logIn(page, { username: "bob", password: "wrong" });
      await page.getByRole("dialog").getByText("Wrong user name or password.").waitFor();
      await page.getByRole("dialog").getByLabel("Password or API token").fill(password);
      await page.getByRole("dialog").getByRole("button", { name: "Log in" }).click();
      await page.getByText("serve --listen 0.0.0.0:8080").waitFor();
      const host = `${new URL(registry.url).host}/some/where`;
      expect([await page.locator(".brand").textContent(), complaints]).toEqual([host, []]);
    } finally {
      await browser.close();
    }
  }, 120_000);
});
