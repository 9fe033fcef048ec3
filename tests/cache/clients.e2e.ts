// Real clients that are told of a cache as docs/cache.md says, and pull by the names of the registries that it stands for.
// Nothing here reaches those registries: only the cache can answer.
import { describe, expect, test } from "bun:test";
import { startContainerd } from "../clients/containerd-daemon.ts";
import { pushLayout } from "../clients/layout-tools.ts";
import { openSite, type Site } from "../clients/site.ts";
import { identify, importBusybox, startEngine } from "../e2e/docker-engine.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { requireProgram, requireRoot } from "../e2e/program.ts";
import { startDebianRegistry } from "./debian-registry.ts";

const hasDocker = [
  requireRoot(),
  requireProgram("dockerd", "docker.io"),
  requireProgram("docker-registry", "docker-registry"),
  requireProgram("busybox", "busybox-static"),
].every(Boolean);
const hasOthers = [
  requireRoot(),
  requireProgram("containerd", "containerd"),
  requireProgram("podman", "podman"),
  requireProgram("skopeo", "skopeo"),
  requireProgram("busybox", "busybox-static"),
].every(Boolean);

/** A cache of what the site's registry has, under the names of two registries that cannot be reached from here. */
function startCache(site: Site): Promise<StartedRegistry> {
  const remoteurl = `http://127.0.0.1:${site.registry.port}`;
  const upstreams = ["docker.io", "ghcr.io"].map((host) => ({ host, remoteurl }));
  const env = { REGISTRY_PROXY_UPSTREAMS: JSON.stringify(upstreams) };
  return startRegistry({ args: ["--http", "--log-level", "debug"], env });
}

/** Requests of clients that the cache has answered, as "GET 200 /v2/…". */
function answered(cache: StartedRegistry): readonly string[] {
  const lines = cache
    .stderr()
    .split("\n")
    .filter((line) => line.includes("msg=request "));
  return lines.map((line) => {
    const [, method, path, status] = /method=(\S+) url="?http:\/\/[^/]+([^\s"]*)"? status=(\d+)/.exec(line) ?? [];
    return `${method} ${status} ${path}`;
  });
}

describe.skipIf(!hasDocker)("docker with a cache among its registry-mirrors", () => {
  test("pulls busybox, which only the mirror has, and again while the mirror's upstream is down", async () => {
    await using upstream = await startDebianRegistry();
    const env = { REGISTRY_PROXY_REMOTEURL: upstream.url };
    await using cache = await startRegistry({ args: ["--http"], env });
    await using engine = await startEngine({ registryMirrors: [cache.url] });
    const tag = `${new URL(upstream.url).host}/library/busybox:latest`;
    const image = await importBusybox(engine, tag);
    await engine.mustDocker("push", tag);
    const remove = () => engine.mustDocker("image", "rm", "--force", image);
    await remove();

    await engine.mustDocker("pull", "busybox");
    expect(await identify(engine, "busybox")).toBe(image);
    expect(answered(cache)).toContain("HEAD 200 /v2/library/busybox/manifests/latest");
    await remove();
    await upstream.stop();
    await engine.mustDocker("pull", "docker.io/library/busybox:latest");
    expect(await identify(engine, "busybox")).toBe(image);
  });
});

describe.skipIf(!hasOthers)("a cache of several registries", () => {
  test("answers containerd, which says by ns which one it means", async () => {
    await using site = await openSite("plain HTTP");
    await pushLayout("skopeo", site, "owner/app:1");
    await pushLayout("skopeo", site, "library/app:1");
    await using cache = await startCache(site);
    await using containerd = await startContainerd(site);
    for (const host of ["docker.io", "ghcr.io", "quay.io"]) {
      const lines = [`server = "https://${host}"`, `[host."${cache.url}"]`, 'capabilities = ["pull", "resolve"]', ""];
      await Bun.write(site.at("hosts.toml"), lines.join("\n"));
      const place = `/etc/containerd/certs.d/${host}/hosts.toml`;
      expect(await containerd.onHost("install", "-D", site.at("hosts.toml"), place)).toMatchObject({ code: 0 });
    }
    const pull = [
      "images",
      "pull",
      "--hosts-dir",
      "/etc/containerd/certs.d",
      "--snapshotter=native",
      "--all-platforms",
    ];
    for (const name of ["ghcr.io/owner/app:1", "docker.io/library/app:1"]) {
      await containerd.mustCtr(...pull, name);
      expect(await containerd.mustCtr("images", "ls", `name==${name}`)).toContain(site.layout.index);
    }
    const found = answered(cache).filter((line) => line.includes("/manifests/1"));
    expect(found).toEqual([
      "HEAD 200 /v2/owner/app/manifests/1?ns=ghcr.io",
      "HEAD 200 /v2/library/app/manifests/1?ns=docker.io",
    ]);
    const asked = await cache.fetch("/v2/owner/app/manifests/1?ns=ghcr.io");
    const strange = await cache.fetch("/v2/owner/app/manifests/1?ns=quay.io");
    expect([asked.headers.get("oci-namespace"), strange.status]).toEqual(["ghcr.io", 404]);
    const { repositories } = (await (await cache.fetch("/v2/_catalog")).json()) as { repositories: string[] };
    expect(repositories).toEqual(["docker.io/library/app", "ghcr.io/owner/app"]);
  });

  test("answers podman, whose registries.conf maps each registry to a place in it", async () => {
    await using site = await openSite("plain HTTP");
    await pushLayout("skopeo", site, "owner/app:1");
    await pushLayout("skopeo", site, "library/app:1");
    await using cache = await startCache(site);
    const host = `localhost:${cache.port}`;
    const tables = ["docker.io", "ghcr.io"].flatMap((location) => [
      "[[registry]]",
      `location = "${location}"`,
      "[[registry.mirror]]",
      `location = "${host}/${location}"`,
      "insecure = true",
    ]);
    await Bun.write(site.at("registries.conf"), `${tables.join("\n")}\n`);
    const store = ["--storage-driver=vfs", `--root=${site.at("store")}`, `--runroot=${site.at("run")}`];
    const others = [`--tmpdir=${site.at("libpod")}`, "--cgroup-manager=cgroupfs", "--events-backend=none"];
    const podman = (...args: readonly string[]) =>
      site.run(["podman", ...store, ...others, ...args], { CONTAINERS_REGISTRIES_CONF: site.at("registries.conf") });
    for (const name of ["ghcr.io/owner/app:1", "docker.io/library/app:1"]) {
      await podman("pull", name);
      const digests = await podman("image", "inspect", "--format={{json .RepoDigests}}", name);
      expect(digests).toContain(site.layout.index);
    }
    expect(answered(cache)).toContain("GET 200 /v2/ghcr.io/owner/app/manifests/1");
  });
});
