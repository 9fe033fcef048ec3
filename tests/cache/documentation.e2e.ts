// The examples of docs/cache.md, word for word: a host on which cache.example.com is a cache with that configuration, and
// Docker Hub and the others are names that lead to a registry of the test. Clients know the name of the cache alone.
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startContainerd } from "../clients/containerd-daemon.ts";
import { pushLayout } from "../clients/layout-tools.ts";
import { openSite, type Site } from "../clients/site.ts";
import { startEngine } from "../e2e/docker-engine.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { must, readyMs, requireProgram, requireRoot, run, waitUntil } from "../e2e/program.ts";

const isPossible = [
  requireRoot(),
  requireProgram("dockerd", "docker.io"),
  requireProgram("containerd", "containerd"),
  requireProgram("skopeo", "skopeo"),
  requireProgram("busybox", "busybox-static"),
  requireProgram("curl", "curl"),
].every(Boolean);

const text = readFileSync(join(import.meta.dir, "../../docs/cache.md"), "utf8");
const upstreamNames = ["registry-1.docker.io", "ghcr.io", "registry.example.com"];
const upstreamAddress = "203.0.113.10";

/** The block of the page in this language that contains the word. */
function example(language: string, word: string): string {
  const blocks = [...text.matchAll(/```(\w+)\n([^`]*)```/g)];
  const found = blocks.find(([, tongue, body = ""]) => tongue === language && body.includes(word))?.[2];
  if (found === undefined) throw new Error(`docs/cache.md has no example in ${language} with ${word}`);
  return found;
}

/** Files of the host, laid over its /etc before a program starts. */
const overEtc = `
  set -e
  mount -t tmpfs tmpfs "$1"
  mkdir "$1/upper" "$1/work"
  mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" overlay /etc
  cp -r "$2/." /etc/
  shift 2
  exec "$@"
`;

interface DocumentedHost extends AsyncDisposable {
  readonly site: Site;
  readonly namespace: string;
  readonly cache: StartedRegistry;
  /** Put before a program that knows the name of the cache and trusts its authority. */
  readonly asClient: readonly string[];
  /** The files of clients. */
  client(...path: string[]): string;
}

async function makeHost(): Promise<DocumentedHost> {
  await using opened = new AsyncDisposableStack();
  const site = opened.use(await openSite("plain HTTP"));
  for (const name of ["library/busybox:latest", "owner/app:latest", "app:latest"])
    await pushLayout("skopeo", site, name);
  expect(await site.registry.stop()).toBe(0);
  const namespace = `registry-docs-${process.pid}`;
  await must(["ip", "netns", "add", namespace]);
  opened.defer(async () => void (await run(["ip", "netns", "delete", namespace])));
  await must(["ip", "-n", namespace, "link", "set", "lo", "up"]);
  await must(["ip", "-n", namespace, "address", "add", `${upstreamAddress}/32`, "dev", "lo"]);
  const sans = upstreamNames.flatMap((name) => ["--san", name]);
  const upstream = opened.use(
    await startRegistry({ data: site.registry.data, namespace, args: ["--addr", `${upstreamAddress}:443`, ...sans] }),
  );
  const lay = (side: string, hosts: readonly string[], authority: string) => {
    for (const directory of ["files/ssl/certs", "files/registry", "scratch"])
      mkdirSync(site.at(side, directory), { recursive: true });
    writeFileSync(site.at(side, "files/hosts"), ["127.0.0.1 localhost", ...hosts, ""].join("\n"));
    writeFileSync(site.at(side, "files/resolv.conf"), "");
    for (const name of ["ssl/certs/ca-certificates.crt", "registry/ca.pem"]) {
      writeFileSync(site.at(side, "files", name), readFileSync(authority));
    }
    return ["unshare", "--mount", "sh", "-c", overEtc, "sh", site.at(side, "scratch"), site.at(side, "files")];
  };
  const file = site.at("config.yml");
  writeFileSync(file, example("yaml", "remoteurl"));
  const cache = opened.use(
    await startRegistry({
      namespace,
      under: lay(
        "server",
        upstreamNames.map((name) => `${upstreamAddress} ${name}`),
        upstream.ca,
      ),
      // The page leaves it to the reader how clients trust the cache.
      args: ["--addr", ":5000", file],
      env: {
        REGISTRY_HTTP_TLS_SELFSIGNED_SANS: '["cache.example.com"]',
        HTTPS_PROXY: undefined,
        HTTP_PROXY: undefined,
      },
    }),
  );
  const asClient = lay("client", ["127.0.0.1 cache.example.com"], cache.ca);
  const kept = opened.move();
  return {
    site,
    namespace,
    cache,
    asClient,
    client: (...path) => site.at("client/files", ...path),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

describe.skipIf(!isPossible)("as docs/cache.md says", () => {
  test("the configuration serves all three registries, and metrics", async () => {
    await using host = await makeHost();
    const ask = (url: string) =>
      must([...host.asClient, "curl", "-sS", "-f", url], {
        namespace: host.namespace,
        env: { SSL_CERT_FILE: undefined },
      });
    const names = ["library/busybox", "ghcr.io/owner/app", "registry.example.com/app"];
    for (const name of names) {
      const manifest = await ask(`https://cache.example.com:5000/v2/${name}/manifests/latest`);
      expect(JSON.parse(manifest)).toHaveProperty("manifests");
    }
    expect(JSON.parse(await ask("https://cache.example.com:5000/v2/_catalog"))).toEqual({
      repositories: names.toSorted(),
    });
    const push = ["-X", "POST", "-o", "/dev/null", "-w", "%{http_code}", "https://cache.example.com:5000/v2"];
    const [verb = "", ...rest] = push;
    const post = (name: string) =>
      must([...host.asClient, "curl", "-sS", verb, ...rest.slice(0, -1), `${rest.at(-1)}/${name}/blobs/uploads/`], {
        namespace: host.namespace,
      });
    expect([await post("team/app"), await post("library/busybox")]).toEqual(["202", "405"]);
    const metrics = await ask("http://127.0.0.1:5001/metrics");
    expect(metrics).toContain('registry_proxy_misses_total{type="manifest"} 3\n');
  });

  test("docker pulls through its mirror, and by the name of the cache", async () => {
    await using host = await makeHost();
    const { "registry-mirrors": registryMirrors } = JSON.parse(example("json", "registry-mirrors")) as Record<
      string,
      string[]
    >;
    await using engine = await startEngine({ namespace: host.namespace, ...(registryMirrors && { registryMirrors }) });
    const place = "/etc/docker/certs.d/cache.example.com:5000/ca.crt";
    for (const command of [
      ["mount", "--bind", host.client("hosts"), "/etc/hosts"],
      ["install", "-D", host.cache.ca, place],
    ]) {
      expect(await engine.onHost(...command)).toMatchObject({ code: 0 });
    }
    // It believes for some seconds what it has read of its hosts file.
    await waitUntil("docker pulls busybox", async () => (await engine.docker("pull", "busybox")).code === 0, {
      deadlineMs: readyMs,
    });
    await engine.mustDocker("pull", "cache.example.com:5000/ghcr.io/owner/app");
    for (const name of ["busybox", "cache.example.com:5000/ghcr.io/owner/app"]) {
      const digests = await engine.mustDocker("image", "inspect", "--format", "{{.RepoDigests}}", name);
      expect(digests).toContain(host.site.layout.index);
    }
  });

  test("containerd pulls by the names of the registries", async () => {
    await using host = await makeHost();
    await using containerd = await startContainerd(host.site, host.namespace);
    const toml = example("toml", "capabilities");
    for (const [registry, server] of [
      ["docker.io", "registry-1.docker.io"],
      ["ghcr.io", "ghcr.io"],
    ] as const) {
      await Bun.write(host.client("hosts.toml"), toml.replace("registry-1.docker.io", server));
      const place = `/etc/containerd/certs.d/${registry}/hosts.toml`;
      expect(await containerd.onHost("install", "-D", host.client("hosts.toml"), place)).toMatchObject({ code: 0 });
    }
    for (const file of ["hosts", "ssl/certs/ca-certificates.crt"]) {
      expect(await containerd.onHost("mount", "--bind", host.client(file), join("/etc", file))).toMatchObject({
        code: 0,
      });
    }
    const [, command = ""] = /`ctr (images pull [^`]*)`/.exec(text) ?? [];
    const words = command.split(" ");
    // A snapshotter that works on any filesystem of a test.
    const pull = (name: string) =>
      containerd.mustCtr(...words.slice(0, 2), "--snapshotter=native", ...words.slice(2, -1), name);
    for (const name of [words.at(-1) ?? "", "ghcr.io/owner/app:latest"]) {
      await pull(name);
      expect(await containerd.mustCtr("images", "ls", `name==${name}`)).toContain(host.site.layout.index);
    }
  });

  test("podman's family pulls by the names of the registries", async () => {
    await using host = await makeHost();
    mkdirSync(host.client("containers/registries.conf.d"), { recursive: true });
    writeFileSync(host.client("containers/registries.conf.d/cache.conf"), example("toml", "registry.mirror"));
    const env = {
      HTTPS_PROXY: undefined,
      HTTP_PROXY: undefined,
    };
    for (const name of ["docker.io/library/busybox:latest", "ghcr.io/owner/app:latest"]) {
      const directory = host.site.at(name.replaceAll(/\W/g, "-"));
      const skopeo = [
        "skopeo",
        "copy",
        "--insecure-policy",
        "--multi-arch=index-only",
        `docker://${name}`,
        `dir:${directory}`,
      ];
      await must([...host.asClient, ...skopeo], { namespace: host.namespace, env });
      const index = readFileSync(join(directory, "manifest.json"));
      expect(`sha256:${new Bun.CryptoHasher("sha256").update(index).digest("hex")}`).toBe(host.site.layout.index);
    }
  });
});
