// Logging in with every client: who may push, who may not, a wrong password, and pulls without a login beside it.
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { identify, importBusybox, startEngine } from "../e2e/docker-engine.ts";
import { startRegistry } from "../e2e/executable.ts";
import type { Outcome } from "../e2e/program.ts";
import { makeTwoHosts } from "../e2e/two-hosts.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type ClientName, isThere } from "./clients.ts";
import { configureRegctl } from "./layout-tools.ts";
import { openSite, type Site } from "./site.ts";

const password = "correct horse battery staple";
const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 5 });

/** Anybody pulls from pub, and bob pushes to team. */
function accessVariables(htpasswd: string): Readonly<Record<string, string>> {
  writeFileSync(htpasswd, `alice:${hash}\nbob:${hash}\n`);
  return {
    REGISTRY_AUTH_HTPASSWD_PATH: htpasswd,
    REGISTRY_ACCESS_ANONYMOUS: '[{repositories: ["pub/**"], actions: [pull]}]',
    REGISTRY_ACCESS_RULES: JSON.stringify([
      { users: ["alice"], repositories: ["**"], actions: ["pull", "push", "delete"] },
      { users: ["bob"], repositories: ["team/**"], actions: ["pull", "push"] },
    ]),
  };
}

interface LoginClient {
  login(site: Site, user: string, secret: string): Promise<Outcome>;
  logout(site: Site): Promise<unknown>;
  push(site: Site, reference: string): Promise<Outcome>;
  pull(site: Site, reference: string): Promise<Outcome>;
}

const layoutOf = ({ layout }: Site) => `${layout.path}:${layout.tag}`;
let pulls = 0;
const fresh = (site: Site) => {
  pulls += 1;
  return site.at(`pulled-${pulls}`);
};

/** podman without mounts, as in its own tests. */
function podman(site: Site, ...args: readonly string[]): Promise<Outcome> {
  const directories = [`--root=${site.at("store")}`, `--runroot=${site.at("run")}`, `--tmpdir=${site.at("libpod")}`];
  const plain = ["--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=none"];
  return site.attempt(["podman", ...plain, ...directories, ...args], { REGISTRY_AUTH_FILE: site.at("auth.json") });
}

const clients: Readonly<Partial<Record<ClientName, LoginClient>>> = {
  skopeo: {
    login: (site, user, secret) =>
      site.attempt([
        "skopeo",
        "login",
        "--tls-verify=false",
        `--authfile=${site.at("auth.json")}`,
        "-u",
        user,
        "-p",
        secret,
        site.host,
      ]),
    logout: (site) => site.attempt(["skopeo", "logout", `--authfile=${site.at("auth.json")}`, site.host]),
    push: (site, reference) =>
      site.attempt(
        [
          "skopeo",
          "copy",
          "--all",
          "--dest-tls-verify=false",
          `oci:${layoutOf(site)}`,
          `docker://${site.host}/${reference}`,
        ],
        { REGISTRY_AUTH_FILE: site.at("auth.json") },
      ),
    pull: (site, reference) =>
      site.attempt(
        [
          "skopeo",
          "copy",
          "--all",
          "--src-tls-verify=false",
          `docker://${site.host}/${reference}`,
          `oci:${fresh(site)}:1`,
        ],
        { REGISTRY_AUTH_FILE: site.at("auth.json") },
      ),
  },
  crane: {
    login: (site, user, secret) => site.attempt(["crane", "auth", "login", site.host, "-u", user, "-p", secret]),
    logout: (site) => site.attempt(["crane", "auth", "logout", site.host]),
    push: (site, reference) => site.attempt(["crane", "push", site.layout.path, `${site.host}/${reference}`]),
    pull: (site, reference) =>
      site.attempt(["crane", "pull", "--format=oci", `${site.host}/${reference}`, fresh(site)]),
  },
  oras: {
    login: (site, user, secret) => site.attempt(["oras", "login", "--plain-http", site.host, "-u", user, "-p", secret]),
    logout: (site) => site.attempt(["oras", "logout", site.host]),
    push: (site, reference) =>
      site.attempt(["oras", "cp", "--to-plain-http", "--from-oci-layout", layoutOf(site), `${site.host}/${reference}`]),
    pull: (site, reference) =>
      site.attempt([
        "oras",
        "cp",
        "--from-plain-http",
        `${site.host}/${reference}`,
        "--to-oci-layout",
        `${fresh(site)}:1`,
      ]),
  },
  regctl: {
    login: async (site, user, secret) => {
      await configureRegctl(site, "--skip-check");
      return site.attempt(["regctl", "registry", "login", site.host, "-u", user, "-p", secret]);
    },
    logout: (site) => site.attempt(["regctl", "registry", "logout", site.host]),
    push: (site, reference) =>
      site.attempt(["regctl", "image", "copy", `ocidir://${layoutOf(site)}`, `${site.host}/${reference}`]),
    pull: async (site, reference) => {
      await configureRegctl(site, "--skip-check");
      return site.attempt(["regctl", "image", "copy", `${site.host}/${reference}`, `ocidir://${fresh(site)}:1`]);
    },
  },
  podman: {
    login: (site, user, secret) => podman(site, "login", "--tls-verify=false", "-u", user, "-p", secret, site.host),
    logout: (site) => podman(site, "logout", site.host),
    push: async (site, reference) => {
      writeFileSync(site.at("Containerfile"), "FROM scratch\nCOPY Containerfile /\n");
      const tag = `${site.host}/${reference}`;
      await podman(site, "build", "--isolation=chroot", "--tag", tag, site.home);
      return podman(site, "push", "--tls-verify=false", tag);
    },
    pull: (site, reference) => podman(site, "pull", "--tls-verify=false", `${site.host}/${reference}`),
  },
};

for (const [name, client] of Object.entries(clients) as [ClientName, LoginClient][]) {
  describe.skipIf(!isThere(name))(name, () => {
    test("logs in, and does what the rules allow and nothing else", async () => {
      using directory = temporaryDirectory();
      await using site = await openSite("plain HTTP", accessVariables(`${directory.path}/htpasswd`));
      const fails = async (outcome: Promise<Outcome>) => (await outcome).code !== 0;
      expect(await fails(client.push(site, "team/app:1"))).toBe(true);
      // crane stores what it is given, and learns at the push that it is wrong.
      const isRefused = await fails(client.login(site, "bob", "wrong"));
      expect(isRefused || (await fails(client.push(site, "team/app:1")))).toBe(true);

      expect(await client.login(site, "bob", password)).toMatchObject({ code: 0 });
      expect(await client.push(site, "team/app:1")).toMatchObject({ code: 0 });
      expect(await client.pull(site, "team/app:1")).toMatchObject({ code: 0 });
      expect(await fails(client.push(site, "other/app:1"))).toBe(true);
      await client.logout(site);

      expect(await client.login(site, "alice", password)).toMatchObject({ code: 0 });
      expect(await client.push(site, "pub/app:1")).toMatchObject({ code: 0 });
      await client.logout(site);

      expect(await client.pull(site, "pub/app:1")).toMatchObject({ code: 0 });
      expect(await fails(client.pull(site, "team/app:1"))).toBe(true);
      expect(await fails(client.push(site, "pub/app:2"))).toBe(true);
    });
  });
}

describe.skipIf(!isThere("docker"))("docker", () => {
  test("logs in, and does what the rules allow and nothing else", async () => {
    using directory = temporaryDirectory();
    await using hosts = await makeTwoHosts();
    const { server, client } = hosts;
    const address = `${server.address}:5000`;
    const env = accessVariables(`${directory.path}/htpasswd`);
    await using _registry = await startRegistry({
      namespace: server.namespace,
      args: ["--addr", ":5000", "--http"],
      env,
    });
    await using engine = await startEngine({ namespace: client.namespace, insecureRegistries: [address] });
    const docker = (...args: string[]) => engine.docker("--config", directory.path, ...args);
    const [team, other, pub] = ["team", "other", "pub"].map((name) => `${address}/${name}/busybox:1`) as [
      string,
      string,
      string,
    ];
    const image = await importBusybox(engine, team);
    for (const tag of [other, pub]) await engine.mustDocker("tag", team, tag);

    expect((await docker("push", team)).code).not.toBe(0);
    expect((await docker("login", "-u", "bob", "-p", "wrong", address)).code).not.toBe(0);
    expect(await docker("login", "-u", "bob", "-p", password, address)).toMatchObject({ code: 0 });
    expect(await docker("push", team)).toMatchObject({ code: 0 });
    expect((await docker("push", other)).stderr).toContain("denied");
    expect(await docker("login", "-u", "alice", "-p", password, address)).toMatchObject({ code: 0 });
    expect(await docker("push", pub)).toMatchObject({ code: 0 });
    await docker("logout", address);

    await engine.mustDocker("image", "rm", "--force", image);
    expect(await docker("pull", pub)).toMatchObject({ code: 0 });
    expect(await identify(engine, pub)).toBe(image);
    expect((await docker("pull", team)).code).not.toBe(0);
    expect((await docker("push", pub)).code).not.toBe(0);
  });
});
