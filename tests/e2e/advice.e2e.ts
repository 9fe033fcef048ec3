// What the program prints as advice, done with the programs that it advises.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startContainerd } from "../clients/containerd-daemon.ts";
import { pushLayout } from "../clients/layout-tools.ts";
import { openSite } from "../clients/site.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type ClientMachine, makeClientMachine } from "./client-machine.ts";
import { identify, importBusybox, startEngine } from "./docker-engine.ts";
import { executable, type StartedRegistry, startRegistry } from "./executable.ts";
import { pushImage } from "./image.ts";
import { must, requireProgram, requireRoot, waitUntil } from "./program.ts";
import { makeTwoHosts } from "./two-hosts.ts";

const hasDocker = [
  requireRoot(),
  requireProgram("dockerd", "docker.io"),
  requireProgram("busybox", "busybox-static"),
  requireProgram("ip", "iproute2"),
].every(Boolean);
const hasOthers = [
  requireRoot(),
  requireProgram("containerd", "containerd"),
  requireProgram("skopeo", "skopeo"),
  requireProgram("openssl", "openssl"),
].every(Boolean);

/** Not localhost, which clients speak plain HTTP to without being told. */
const name = "registry.test";

/** What the advice says to write into which file, by client. */
function parseAdvice(text: string): Readonly<Record<string, { readonly path: string; readonly content: string }>> {
  const parts = [...text.matchAll(/^ {2}(\w+) +in (\S+?),?(?: [^\n]*)?:\n((?: {16}[^\n]*\n)+)/gm)];
  return Object.fromEntries(
    parts.map(([, client = "", path = "", lines = ""]) => [
      client,
      { path: path.replace(/:$/, ""), content: lines.replaceAll(/^ {16}/gm, "") },
    ]),
  );
}

async function adviceFor(host: string, machine: Pick<ClientMachine, "run">) {
  const refused = await machine.run([executable, "trust", host, "--for", "docker"]);
  expect(refused.code).toBe(1);
  return parseAdvice(refused.stderr);
}

async function makeMachine(): Promise<ClientMachine> {
  const machine = await makeClientMachine("/etc");
  await machine.run(["sh", "-c", `echo 127.0.0.1 ${name} >>/etc/hosts`]);
  return machine;
}

async function install(machine: Pick<ClientMachine, "run">, file: { path: string; content: string } | undefined) {
  const write = 'mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"';
  expect(file).toBeDefined();
  await machine.run(["sh", "-c", write, "sh", file?.path ?? "", file?.content ?? ""]);
}

describe.skipIf(!hasOthers)("over plain HTTP, trust's advice", () => {
  test("for podman and its kind makes skopeo content", async () => {
    await using registry = await startRegistry({ args: ["--http"] });
    await using machine = await makeMachine();
    await pushImage(registry, "app", { tag: "v1" });
    const host = `${name}:${registry.port}`;
    const ask = () => machine.run(["skopeo", "list-tags", `docker://${host}/app`]);
    expect((await ask()).code).not.toBe(0);
    await install(machine, (await adviceFor(host, machine)).podman);
    expect(await ask()).toMatchObject({ code: 0 });
  });

  test("for containerd makes it pull", async () => {
    await using site = await openSite("plain HTTP");
    await pushLayout("skopeo", site, "app:v1");
    await using _containerd = await startContainerd(site);
    await using machine = await makeMachine();
    const host = `${name}:${site.registry.port}`;
    // ctr looks up hosts itself, so the machine with the advice on it need not be containerd's.
    const fetch = ["content", "fetch", "--hosts-dir", "/etc/containerd/certs.d", `${host}/app:v1`];
    const pull = () => machine.run(["ctr", "--address", site.at("containerd.sock"), ...fetch]);
    expect((await pull()).code).not.toBe(0);
    await install(machine, (await adviceFor(host, machine)).containerd);
    expect(await pull()).toMatchObject({ code: 0 });
  });
});

describe.skipIf(!hasDocker)("docker does what the start message says", () => {
  test("tag and push, and on another host the insecure registry", async () => {
    await using hosts = await makeTwoHosts();
    const { namespace, address } = hosts.server;
    await using registry = await startRegistry({ namespace, args: ["--http", "--addr", ":5000"] });
    await using here = await startEngine({ namespace });
    const image = await importBusybox(here, "busybox");
    await typeDocker(here, registry, ["tag", "push"]);
    const { "insecure-registries": insecureRegistries = [] } = daemonJson(registry);
    expect(insecureRegistries).toEqual([`${address}:5000`]);
    await using there = await startEngine({ namespace: hosts.client.namespace, insecureRegistries });
    await there.mustDocker("pull", `${insecureRegistries[0]}/busybox`);
    expect(await identify(there, `${insecureRegistries[0]}/busybox`)).toBe(image);
  });

  test("trust, by the address that it names", async () => {
    await using hosts = await makeTwoHosts();
    await using registry = await startRegistry({ namespace: hosts.server.namespace, args: ["--addr", ":5000"] });
    await using there = await startEngine({ namespace: hosts.client.namespace });
    const [, host = ""] = /^ {2}sudo registry trust (\S+)$/m.exec(registry.stdout()) ?? [];
    expect(await there.onHost(executable, "trust", host, "--for", "docker", "--yes")).toMatchObject({ code: 0 });
    const image = await importBusybox(there, `${host}/busybox`);
    await there.mustDocker("push", `${host}/busybox`);
    expect(await identify(there, `${host}/busybox`)).toBe(image);
  });

  test("the mirror of a cache", async () => {
    await using cache = await startRegistry({ command: ["proxy", "docker.io"], args: ["--http"] });
    const { "registry-mirrors": registryMirrors = [] } = daemonJson(cache);
    expect(registryMirrors).toEqual([cache.url]);
    await using engine = await startEngine({ registryMirrors });
    // Nothing here reaches Docker Hub; that the cache was asked is what the line is for.
    await engine.docker("pull", "busybox");
    await waitUntil("the log tells of it", () => cache.stderr().includes("/v2/library/busybox/manifests/latest"));
  });
});

/** Types the printed lines of docker. */
async function typeDocker(
  engine: Awaited<ReturnType<typeof startEngine>>,
  registry: StartedRegistry,
  verbs: readonly string[],
): Promise<void> {
  const lines = [...registry.stdout().matchAll(/^ {2}docker (.*)$/gm)].map(([, words = ""]) => words.split(" "));
  for (const words of lines) if (verbs.includes(words[0] ?? "")) await engine.mustDocker(...words);
  expect(lines.map(([verb]) => verb)).toEqual(["pull", "tag", "push"]);
}

function daemonJson(registry: StartedRegistry): Readonly<Record<string, readonly string[]>> {
  const [, text = "{}"] = /daemon\.json[^\n]*:\n((?: {2}[^\n]*\n)+)/.exec(registry.stdout()) ?? [];
  return JSON.parse(text) as Record<string, string[]>;
}

describe.skipIf(!hasOthers)("a certificate of the operator's own", () => {
  test("that is self-signed is offered by trust, and curl's line goes by it", async () => {
    using directory = temporaryDirectory();
    await using machine = await makeMachine();
    await using registry = await startWithCertificate(directory.path, "-x509");
    const host = `${name}:${registry.port}`;
    const list = async () => (await machine.run(["skopeo", "list-tags", `docker://${host}/app`])).stderr;
    expect(await list()).toMatch(/unknown authority/);
    const agreed = await machine.run([executable, "trust", `https://${host}`, "--for", "podman", "--yes"]);
    expect(agreed).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("signed by   itself") });
    expect(await list()).toMatch(/404 \(Not Found\)/);
    const curl = /^ {2}(curl .*)$/m.exec(registry.stdout())?.[1] ?? "";
    expect(await must(["sh", "-c", `${curl} -sS --fail`])).toBe('{"repositories":[]}');
  });
});

/** A registry with a certificate that openssl made, as tutorials do. */
async function startWithCertificate(directory: string, ...request: string[]): Promise<StartedRegistry> {
  const [certificate, key] = [join(directory, "domain.crt"), join(directory, "domain.key")];
  const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const made = ["openssl", "req", ...request, "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate];
  await must([...made, ...names]);
  const env = { REGISTRY_HTTP_TLS_CERTIFICATE: certificate, REGISTRY_HTTP_TLS_KEY: key };
  return await startRegistry({ args: ["--addr", "127.0.0.1:0"], env });
}
