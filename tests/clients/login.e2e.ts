// What clients may do at a registry with access control: with a right password, a wrong one, too few rights, and none.
// Each is tried where it sends its password with every request, and where our token server gives it tokens.
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { importBusybox, startEngine } from "../e2e/docker-engine.ts";
import { startRegistry } from "../e2e/executable.ts";
import type { Outcome } from "../e2e/program.ts";
import { makeTwoHosts } from "../e2e/two-hosts.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type ClientName, isThere } from "./clients.ts";
import { orasFlags, skopeoFlags } from "./layout-tools.ts";
import { openSite, type Site } from "./site.ts";

const password = "correct horse battery staple";
const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
const modes = ["Basic", "tokens"] as const;
type Mode = (typeof modes)[number];

const all = ["pull", "push", "delete"];
const rules = [
  { users: ["alice"], repositories: ["**"], actions: all },
  { users: ["bob"], repositories: ["team/**"], actions: ["pull"] },
];
const anonymous = [{ repositories: ["pub/**"], actions: ["pull"] }];

/** Writes a file of users and a configuration; the path of that. */
function configure(directory: string, mode: Mode): string {
  const [users, file] = [`${directory}/htpasswd`, `${directory}/config.yml`];
  writeFileSync(users, `alice:${hash}\nbob:${hash}\n`);
  const auth = { htpasswd: { realm: "test", path: users } };
  const access = mode === "tokens" ? { anonymous, rules } : { rules };
  const storage = { filesystem: { rootdirectory: `${directory}/data` } };
  const log = { audit: `${directory}/audit.log` };
  writeFileSync(file, JSON.stringify({ version: 0.1, log, storage, auth, access }));
  return file;
}

/** A client of somebody, with a home of his own. */
interface Somebody {
  readonly site: Site;
  readonly run: (...command: readonly string[]) => Promise<Outcome>;
  /** A directory that is not there yet. */
  readonly room: (name: string) => string;
}

interface LoginClient {
  login(somebody: Somebody, user: string, password: string): Promise<Outcome>;
  /** Pushes something as a reference such as team/app:1. */
  push(somebody: Somebody, reference: string): Promise<Outcome>;
  pull(somebody: Somebody, reference: string): Promise<Outcome>;
}

const plain = "--tls-verify=false";

/** podman and buildah push what they have built. */
function engineLike(program: "podman" | "buildah"): LoginClient {
  const invoke = ({ run, room }: Somebody, ...args: readonly string[]) =>
    run(program, "--storage-driver=vfs", `--root=${room("store")}`, `--runroot=${room("run")}`, ...args);
  return {
    login: (somebody, user, secret) => invoke(somebody, "login", plain, "-u", user, "-p", secret, somebody.site.host),
    push: async (somebody, reference) => {
      const context = somebody.room("context");
      mkdirSync(context, { recursive: true });
      writeFileSync(`${context}/Containerfile`, "FROM scratch\nCOPY Containerfile /file\n");
      const tag = `${somebody.site.host}/${reference}`;
      const built = await invoke(somebody, "build", "--isolation=chroot", "--tag", tag, context);
      if (built.code !== 0) throw new Error(built.stderr);
      return invoke(somebody, "push", plain, tag);
    },
    pull: (somebody, reference) => invoke(somebody, "pull", plain, `${somebody.site.host}/${reference}`),
  };
}

const loginClients: Partial<Record<ClientName, LoginClient>> = {
  podman: engineLike("podman"),
  buildah: engineLike("buildah"),
  skopeo: {
    login: ({ site, run }, user, secret) => run("skopeo", "login", plain, "-u", user, "-p", secret, site.host),
    push: ({ site, run }, reference) =>
      run(
        ...["skopeo", "copy", "--all", ...skopeoFlags(site, "to")],
        ...[`oci:${site.layout.path}:${site.layout.tag}`, `docker://${site.host}/${reference}`],
      ),
    pull: ({ site, run, room }, reference) =>
      run(
        ...["skopeo", "copy", "--all", ...skopeoFlags(site, "from")],
        ...[`docker://${site.host}/${reference}`, `oci:${room("pulled")}:1`],
      ),
  },
  crane: {
    login: ({ site, run }, user, secret) => run("crane", "auth", "login", "-u", user, "-p", secret, site.host),
    push: ({ site, run }, reference) => run("crane", "push", site.layout.path, `${site.host}/${reference}`),
    pull: ({ site, run, room }, reference) =>
      run("crane", "pull", "--format=oci", `${site.host}/${reference}`, room("pulled")),
  },
  oras: {
    login: ({ site, run }, user, secret) => run("oras", "login", "--plain-http", "-u", user, "-p", secret, site.host),
    push: ({ site, run }, reference) =>
      run(
        ...["oras", "cp", ...orasFlags(site, "to"), "--from-oci-layout"],
        ...[`${site.layout.path}:${site.layout.tag}`, `${site.host}/${reference}`],
      ),
    pull: ({ site, run, room }, reference) =>
      run(
        "oras",
        "cp",
        ...orasFlags(site, "from"),
        "--to-oci-layout",
        `${site.host}/${reference}`,
        `${room("pulled")}:1`,
      ),
  },
  regctl: {
    login: async ({ site, run }, user, secret) => {
      await run("regctl", "registry", "set", site.host, "--tls", "disabled");
      return run("regctl", "registry", "login", site.host, "-u", user, "-p", secret);
    },
    push: async ({ site, run }, reference) => {
      await run("regctl", "registry", "set", site.host, "--tls", "disabled");
      return run(
        "regctl",
        "image",
        "copy",
        `ocidir://${site.layout.path}:${site.layout.tag}`,
        `${site.host}/${reference}`,
      );
    },
    pull: async ({ site, run, room }, reference) => {
      await run("regctl", "registry", "set", site.host, "--tls", "disabled");
      return run("regctl", "image", "copy", `${site.host}/${reference}`, `ocidir://${room("pulled")}:1`);
    },
  },
  helm: {
    login: ({ site, run }, user, secret) =>
      run("helm", "registry", "login", "--plain-http", "-u", user, "-p", secret, site.host),
    push: async ({ site, run, room }, reference) => {
      const [repository, version] = splitChart(reference);
      const [path, name] = [repository.slice(0, repository.lastIndexOf("/")), repository.split("/").at(-1)];
      const chart = room("chart");
      mkdirSync(chart, { recursive: true });
      writeFileSync(`${chart}/Chart.yaml`, `apiVersion: v2\nname: ${name}\nversion: ${version}\n`);
      const packaged = await run("helm", "package", chart, "-d", room("packages"));
      if (packaged.code !== 0) throw new Error(packaged.stderr);
      return run(
        "helm",
        "push",
        "--plain-http",
        `${room("packages")}/${name}-${version}.tgz`,
        `oci://${site.host}/${path}`,
      );
    },
    pull: ({ site, run, room }, reference) => {
      const [repository, version] = splitChart(reference);
      mkdirSync(room("pulled"), { recursive: true });
      return run(
        ...["helm", "pull", "--plain-http", `oci://${site.host}/${repository}`],
        ...["--version", version, "-d", room("pulled")],
      );
    },
  },
};

/** Helm's versions have three parts. */
function splitChart(reference: string): readonly [string, string] {
  const [repository = "", tag = ""] = reference.split(":");
  return [repository, `${tag}.0.0`];
}

function somebodyAt(site: Site, name: string): Somebody {
  const home = site.at("homes", name);
  mkdirSync(`${home}/.docker`, { recursive: true });
  // podman and buildah want the file to be there where the variable names it.
  writeFileSync(`${home}/auth.json`, "{}");
  const env = { HOME: home, REGISTRY_AUTH_FILE: `${home}/auth.json` };
  return {
    site,
    run: (...command) => site.attempt(command, env),
    room: (room) => `${home}/${room}`,
  };
}

async function succeeds(what: string, outcome: Promise<Outcome>): Promise<void> {
  expect({ what, ...(await outcome) }).toMatchObject({ what, code: 0 });
}

async function isRefused(what: string, outcome: Promise<Outcome> | Outcome): Promise<void> {
  const { code, stdout, stderr } = await outcome;
  expect({ what, isRefused: code !== 0, said: stdout + stderr }).toMatchObject({
    what,
    isRefused: true,
    said: expect.stringMatching(/unauthorized|denied|401|403|invalid username|credential not found|no basic auth/i),
  });
}

const tried = Object.entries(loginClients).filter(([name]) => isThere(name as ClientName));

describe.each(tried)("%s", (_name, client) => {
  test.each(modes)("does what its user may, with %s", async (mode) => {
    using directory = temporaryDirectory();
    await using site = await openSite("plain HTTP", [configure(directory.path, mode)]);
    const [alice, bob, nobody] = ["alice", "bob", "nobody"].map((name) => somebodyAt(site, name)) as [
      Somebody,
      Somebody,
      Somebody,
    ];
    const wrong = await client.login(alice, "alice", "wrong");
    // crane notes a password without trying it.
    await isRefused("a wrong password", wrong.code === 0 ? client.pull(alice, "team/app:1") : wrong);
    await succeeds("alice's login", client.login(alice, "alice", password));
    await succeeds("alice's push", client.push(alice, "team/app:1"));
    await succeeds("alice's other push", client.push(alice, "pub/app:1"));
    await succeeds("alice's pull", client.pull(alice, "team/app:1"));
    await succeeds("bob's login", client.login(bob, "bob", password));
    await succeeds("bob's pull", client.pull(bob, "team/app:1"));
    await isRefused("bob's push", client.push(bob, "team/app:2"));
    await isRefused("nobody's push", client.push(nobody, "pub/app:2"));
    await isRefused("nobody's pull of what is not public", client.pull(nobody, "team/app:1"));
    const pulled = client.pull(nobody, "pub/app:1");
    if (mode === "tokens") await succeeds("nobody's pull", pulled);
    else await isRefused("nobody's pull", pulled);
    const audit = readFileSync(`${directory.path}/audit.log`, "utf8");
    const told = audit
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const pushed = told.filter(({ event }) => event === "manifest pushed");
    expect([...new Set(pushed.map(({ user, repository }) => `${user} ${repository}`))].sort()).toEqual([
      "alice pub/app",
      "alice team/app",
    ]);
    expect(told).toContainEqual(expect.objectContaining({ event: "login failed", user: "alice" }));
    const printed = site.registry.stdout() + site.registry.stderr() + audit;
    expect([printed.includes(password), printed.includes(hash)]).toEqual([false, false]);
  });
});

describe.skipIf(!isThere("docker"))("docker", () => {
  test.each(modes)("does what its user may, with %s", async (mode) => {
    using directory = temporaryDirectory();
    const file = configure(directory.path, mode);
    await using hosts = await makeTwoHosts();
    const { server, client } = hosts;
    const address = `${server.address}:5000`;
    const args = ["--addr", ":5000", "--http", file];
    await using registry = await startRegistry({ namespace: server.namespace, args });
    await using engine = await startEngine({ namespace: client.namespace, insecureRegistries: [address] });
    const login = (user: string, secret: string) => engine.docker("login", "-u", user, "-p", secret, address);
    await isRefused("a wrong password", login("alice", "wrong"));
    await succeeds("alice's login", login("alice", password));
    for (const name of ["team/app:1", "pub/app:1"]) {
      await importBusybox(engine, `${address}/${name}`);
      await succeeds("alice's push", engine.docker("push", `${address}/${name}`));
    }
    await engine.mustDocker("logout", address);
    await isRefused("nobody's push", engine.docker("push", `${address}/pub/app:1`));
    const pulled = engine.docker("pull", `${address}/pub/app:1`);
    if (mode === "tokens") await succeeds("nobody's pull", pulled);
    else await isRefused("nobody's pull", pulled);
    await isRefused("nobody's pull of what is not public", engine.docker("pull", `${address}/team/app:1`));
    await succeeds("bob's login", login("bob", password));
    await succeeds("bob's pull", engine.docker("pull", `${address}/team/app:1`));
    await isRefused("bob's push", engine.docker("push", `${address}/team/app:1`));
    expect((registry.stdout() + registry.stderr()).includes(password)).toBe(false);
  });
});
