// `registry trust` for containerd, podman and the system's store, with the real clients; docker has a file of its own.
import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type ClientMachine, makeClientMachine } from "./client-machine.ts";
import { executable, type StartedRegistry, startRegistry } from "./executable.ts";
import { pushImage } from "./image.ts";
import { environment, type Outcome, readyMs, requireProgram, requireRoot, run, waitUntil } from "./program.ts";

const isPossible = [
  requireRoot(),
  requireProgram("skopeo", "skopeo"),
  requireProgram("containerd", "containerd"),
  requireProgram("ctr", "containerd"),
  requireProgram("curl", "curl"),
  requireProgram("update-ca-certificates", "ca-certificates"),
  requireProgram("script", "bsdutils"),
].every(Boolean);

/** Not localhost, which containerd asks over plain HTTP. */
const name = "registry.test";
const startNamed = () => startRegistry({ args: ["--san", name] });
const hostOf = ({ port }: StartedRegistry) => `${name}:${port}`;
const fingerprintOf = ({ ca }: StartedRegistry) => new X509Certificate(readFileSync(ca)).fingerprint256;

async function makeMachine(): Promise<ClientMachine> {
  const machine = await makeClientMachine("/etc", "/usr/local/share");
  await machine.run(["sh", "-c", `echo 127.0.0.1 ${name} >>/etc/hosts`]);
  return machine;
}

function trust(machine: ClientMachine, registry: StartedRegistry, ...args: string[]): Promise<Outcome> {
  return machine.run([executable, "trust", hostOf(registry), ...args]);
}

/** A client that is refused before it trusts the registry, served after, and refused when that was taken back. */
async function expectTrustDecides(
  machine: ClientMachine,
  registry: StartedRegistry,
  { client, ask }: { readonly client: string; readonly ask: () => Promise<Outcome> },
): Promise<void> {
  const isUnknown = ({ code, stderr }: Outcome) =>
    code !== 0 && /unknown authority|unable to get local issuer|self-signed/.test(stderr);
  expect(await ask()).toSatisfy(isUnknown);
  expect(await trust(machine, registry, "--for", client, "--yes")).toMatchObject({ code: 0, stderr: "" });
  expect(await ask()).toMatchObject({ code: 0 });
  expect(await trust(machine, registry, "--for", client, "--remove")).toMatchObject({ code: 0, stderr: "" });
  expect(await ask()).toSatisfy(isUnknown);
}

describe.skipIf(!isPossible)("registry trust --for", () => {
  test("podman is what skopeo and its kind go by", async () => {
    await using registry = await startNamed();
    await using machine = await makeMachine();
    await pushImage(registry, "app", { tag: "v1" });
    const ask = () => machine.run(["skopeo", "list-tags", `docker://${hostOf(registry)}/app`]);
    await expectTrustDecides(machine, registry, { client: "podman", ask });
  });

  test("containerd is what a containerd with that directory goes by", async () => {
    await using registry = await startNamed();
    await using machine = await makeMachine();
    await pushImage(registry, "app", { tag: "v1" });
    await using containerd = await startContainerd();
    const hosts = "/etc/containerd/certs.d";
    const fetch = ["content", "fetch", "--hosts-dir", hosts, `${hostOf(registry)}/app:v1`];
    const ask = () => machine.run(["ctr", "--address", containerd.address, ...fetch]);
    await expectTrustDecides(machine, registry, { client: "containerd", ask });
  });

  test("system is what curl goes by", async () => {
    await using registry = await startNamed();
    await using machine = await makeMachine();
    const ask = () => machine.run(["curl", "-sS", "--fail", `https://${hostOf(registry)}/v2/`]);
    await expectTrustDecides(machine, registry, { client: "system", ask });
  });
});

describe.skipIf(!isPossible)("registry trust", () => {
  const installed = ["sh", "-c", "ls /etc/*/certs.d/*/* /usr/local/share/ca-certificates/registry-* 2>/dev/null"];
  const list = async (machine: ClientMachine) => (await machine.run(installed)).stdout.trim().split("\n");

  test("without a terminal wants to be told the fingerprint, and changes nothing until it is the right one", async () => {
    await using registry = await startNamed();
    await using machine = await makeMachine();
    const before = await list(machine);
    const fingerprint = fingerprintOf(registry);
    const everywhere = ["docker", "containerd", "podman", "system"].flatMap((client) => ["--for", client]);
    const asked = await trust(machine, registry, ...everywhere);
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining("--fingerprint") });
    expect(asked.stdout).toContain(fingerprint);
    const other = fingerprint.replace(/^../, fingerprint.startsWith("00") ? "01" : "00");
    expect(await trust(machine, registry, ...everywhere, "--fingerprint", other)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("another fingerprint"),
    });
    expect(await trust(machine, registry, ...everywhere, "--yes", "--dry-run")).toMatchObject({ code: 0 });
    expect(await list(machine)).toEqual(before);

    const agreed = await trust(machine, registry, ...everywhere, "--fingerprint", fingerprint);
    expect(agreed).toMatchObject({ code: 0, stderr: "" });
    const host = hostOf(registry);
    const added = (await list(machine)).filter((path) => !before.includes(path));
    expect(added).toEqual([
      `/etc/containerd/certs.d/${host}/ca.crt`,
      `/etc/containerd/certs.d/${host}/hosts.toml`,
      `/etc/containers/certs.d/${host}/ca.crt`,
      `/etc/docker/certs.d/${host}/ca.crt`,
      `/usr/local/share/ca-certificates/registry-${host.replace(":", "_")}.crt`,
    ]);
    expect(await trust(machine, registry, "--remove")).toMatchObject({ code: 0, stderr: "" });
    expect(await list(machine)).toEqual(before);
  });

  test.each([
    ["yes", 0],
    ["no", 1],
  ])("on a terminal asks, and goes by the answer %s", async (answer, code) => {
    await using registry = await startNamed();
    await using machine = await makeMachine();
    const command = `${executable} trust ${hostOf(registry)} --for docker`;
    // "script" gives it a terminal; the answer waits there until it asks.
    const typed = `printf '${answer}\\n' | script --quiet --return --command '${command}' /dev/null`;
    const outcome = await machine.run(["sh", "-c", typed]);
    expect(outcome).toMatchObject({ code, stdout: expect.stringContaining("Trust this CA? [y/N]") });
    const installed = await machine.run(["test", "-e", `/etc/docker/certs.d/${hostOf(registry)}/ca.crt`]);
    expect(installed.code).toBe(code);
  });

  test("leaves a file alone that somebody else wrote", async () => {
    await using registry = await startNamed();
    await using machine = await makeMachine();
    const directory = `/etc/docker/certs.d/${hostOf(registry)}`;
    await machine.run(["sh", "-c", `mkdir -p ${directory} && echo mine > ${directory}/ca.crt`]);
    const refused = await trust(machine, registry, "--for", "docker", "--yes");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("not written by registry trust") });
    await trust(machine, registry, "--for", "docker", "--remove");
    expect((await machine.run(["cat", `${directory}/ca.crt`])).stdout).toBe("mine\n");
  });

  test.each([
    ["a name that does not resolve", "no-such-host.invalid:5000", "does not resolve"],
    ["a port where nothing listens", "localhost:1", "nothing answers"],
    ["a URL with a path", "https://localhost:5000/v2/", "paths cannot be in a certificate"],
  ])("says so of %s", async (_name, host, text) => {
    const outcome = await run([executable, "trust", host, "--yes", "--for", "docker"]);
    expect(outcome.stderr).toContain(text);
    expect(outcome.code).not.toBe(0);
  });

  test("says so of a registry that speaks plain HTTP", async () => {
    await using registry = await startRegistry({ args: ["--http"] });
    const outcome = await run([executable, "trust", `localhost:${registry.port}`, "--yes", "--for", "docker"]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("insecure-registries") });
  });
});

/** A containerd of the test's own. */
async function startContainerd(): Promise<{ readonly address: string } & AsyncDisposable> {
  const home = temporaryDirectory();
  const at = (name: string) => join(home.path, name);
  await Bun.write(at("config.toml"), 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
  const places = ["--root", at("root"), "--state", at("state"), "--address", at("socket")];
  const child = Bun.spawn(["containerd", "--config", at("config.toml"), ...places], {
    env: environment(),
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(at("log")),
  });
  const dispose = async () => {
    child.kill("SIGTERM");
    await child.exited;
    home[Symbol.dispose]();
  };
  try {
    await waitUntil(
      "containerd answers",
      async () => {
        if (child.exitCode !== null) throw new Error(`containerd ended with ${child.exitCode}`);
        return (await run(["ctr", "--address", at("socket"), "version"])).code === 0;
      },
      { deadlineMs: readyMs },
    );
  } catch (error) {
    const log = readFileSync(at("log"), "utf8");
    await dispose();
    throw new Error(`${String(error)}\n${log.slice(-4000)}`);
  }
  return { address: at("socket"), [Symbol.asyncDispose]: dispose };
}
