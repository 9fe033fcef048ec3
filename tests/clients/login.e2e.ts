// What clients may do at a registry with access control: with a right password, a wrong one, too few rights, and none.
// Each is tried where it sends its password with every request, and where our token server gives it tokens.
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { importBusybox, startEngine } from "../e2e/docker-engine.ts";
import { executable, startRegistry } from "../e2e/executable.ts";
import type { Outcome } from "../e2e/program.ts";
import { makeTwoHosts } from "../e2e/two-hosts.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type ClientName, isThere } from "./clients.ts";
import { type Containerd, startContainerd } from "./containerd-daemon.ts";
import { loginClients, type Somebody, somebodyAt } from "./login-clients.ts";
import { openSite, type Scheme, type Site } from "./site.ts";

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
function configure(directory: string, mode: Mode, scheme: Scheme = "plain HTTP"): string {
  const [users, file] = [`${directory}/htpasswd`, `${directory}/config.yml`];
  writeFileSync(users, `alice:${hash}\nbob:${hash}\n`);
  const auth = { htpasswd: { realm: "test", path: users } };
  const access = mode === "tokens" ? { anonymous, rules } : { rules };
  const storage = { filesystem: { rootdirectory: `${directory}/data` } };
  const http = scheme === "TLS" ? { tls: { selfsigned: {} } } : {};
  const log = { audit: `${directory}/audit.log` };
  writeFileSync(file, JSON.stringify({ version: 0.1, http, log, storage, auth, access }));
  return file;
}

async function succeeds(what: string, outcome: Promise<Outcome>): Promise<void> {
  expect({ what, ...(await outcome) }).toMatchObject({ what, code: 0 });
}

async function isRefused(what: string, outcome: Promise<Outcome> | Outcome): Promise<void> {
  const { code, stdout, stderr } = await outcome;
  expect({ what, isRefused: code !== 0, said: stdout + stderr }).toMatchObject({
    what,
    isRefused: true,
    said: expect.stringMatching(
      /unauthorized|denied|401|403|invalid username|credential not found|authorization failed|no basic auth/i,
    ),
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

describe.each(tried)("%s over TLS", (_name, client) => {
  test("logs in at the registry and its token server, and does what its user may", async () => {
    using directory = temporaryDirectory();
    await using site = await openSite("TLS", [configure(directory.path, "tokens", "TLS")]);
    const [alice, nobody] = [somebodyAt(site, "alice"), somebodyAt(site, "nobody")];
    const wrong = await client.login(alice, "alice", "wrong");
    await isRefused("a wrong password", wrong.code === 0 ? client.pull(alice, "team/app:1") : wrong);
    await succeeds("alice's login", client.login(alice, "alice", password));
    await succeeds("alice's push", client.push(alice, "team/app:1"));
    await succeeds("alice's pull", client.pull(alice, "team/app:1"));
    await isRefused("nobody's pull of what is not public", client.pull(nobody, "team/app:1"));
    expect((site.registry.stdout() + site.registry.stderr()).includes(password)).toBe(false);
  });
});

describe.skipIf(!isThere("docker"))("docker", () => {
  test("logs in over TLS where `registry trust` has installed the authority, and does what its user may", async () => {
    using directory = temporaryDirectory();
    await using registry = await startRegistry({ args: [configure(directory.path, "tokens", "TLS")] });
    await using engine = await startEngine();
    const address = `localhost:${registry.port}`;
    await engine.onHost(executable, "trust", address, "--for", "docker", "--yes");
    const login = (user: string, secret: string) => engine.docker("login", "-u", user, "-p", secret, address);
    await isRefused("a wrong password", login("alice", "wrong"));
    await succeeds("alice's login", login("alice", password));
    await importBusybox(engine, `${address}/team/app:1`);
    await succeeds("alice's push", engine.docker("push", `${address}/team/app:1`));
    await succeeds("alice's pull", engine.docker("pull", `${address}/team/app:1`));
    await engine.mustDocker("logout", address);
    await isRefused("nobody's pull", engine.docker("pull", `${address}/team/app:1`));
  });

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

const hostsDirectory = "/etc/containerd/certs.d";

/** Writes a hosts.toml for the registry, with a header that says who asks where one is given. */
async function writeHosts(containerd: Containerd, site: Site, authorization?: string): Promise<void> {
  const url = `${site.isTls ? "https" : "http"}://${site.host}`;
  const lines = [
    `server = "${url}"`,
    `[host."${url}"]`,
    'capabilities = ["pull", "resolve", "push"]',
    ...(site.isTls ? [`ca = "${site.certificates}/ca.crt"`] : []),
    ...(authorization === undefined ? [] : [`[host."${url}".header]`, `authorization = "${authorization}"`]),
  ];
  writeFileSync(site.at("hosts.toml"), `${lines.join("\n")}\n`);
  const file = `${hostsDirectory}/${site.host}/hosts.toml`;
  expect(await containerd.onHost("install", "-D", site.at("hosts.toml"), file)).toMatchObject({ code: 0 });
}

describe.skipIf(!isThere("containerd"))("containerd", () => {
  test.each([
    ["plain HTTP", "Basic"],
    ["TLS", "tokens"],
  ] as const)(
    "over %s, with %s, does what its user may, and what the header in its hosts.toml may",
    async (scheme, mode) => {
      using directory = temporaryDirectory();
      await using site = await openSite(scheme, [configure(directory.path, mode, scheme)]);
      await using containerd = await startContainerd(site);
      const image = `${site.host}/team/app:${site.layout.tag}`;
      const images = (verb: string, ...more: readonly string[]) =>
        containerd.ctr("images", verb, "--hosts-dir", hostsDirectory, ...more, image);
      const push = (...more: readonly string[]) => images("push", ...more);
      const pull = (...more: readonly string[]) => images("pull", "--snapshotter=native", "--all-platforms", ...more);
      await writeHosts(containerd, site);
      await site.run(["tar", "-C", site.layout.path, "-cf", "layout.tar", "."]);
      const name = ["--base-name", `${site.host}/team/app`];
      await containerd.mustCtr(
        "images",
        "import",
        "--all-platforms",
        "--snapshotter=native",
        ...name,
        site.at("layout.tar"),
      );
      await isRefused("nobody's push", push());
      await isRefused("a wrong password", push("--user", "alice:wrong"));
      await succeeds("alice's push", push("--user", `alice:${password}`));
      await isRefused("nobody's pull", pull());
      await succeeds("bob's pull", pull("--user", `bob:${password}`));
      await isRefused(
        "bob's push",
        containerd.ctr(
          ...["images", "push", "--hosts-dir", hostsDirectory],
          ...["--user", `bob:${password}`, `${site.host}/team/new:1`, image],
        ),
      );
      await writeHosts(containerd, site, `Basic ${btoa(`bob:${password}`)}`);
      await succeeds("a pull with the header", pull());
      await writeHosts(containerd, site, `Basic ${btoa("bob:wrong")}`);
      await isRefused("a pull with a wrong header", pull());
      expect((site.registry.stdout() + site.registry.stderr()).includes(password)).toBe(false);
    },
  );
});
