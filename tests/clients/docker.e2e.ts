// The docker engine. It believes any certificate of 127.0.0.1, so it runs on a host of its own, and reaches the registry
// over a network: a second process that serves the same directory, on another host. The other clients ask the first.
// Nodes speak plain HTTP, and it reaches them and their bucket on this host.
import { expect } from "bun:test";
import { identify, importBusybox, startEngine } from "../e2e/docker-engine.ts";
import { executable, startRegistry } from "../e2e/executable.ts";
import { makeTwoHosts } from "../e2e/two-hosts.ts";
import { describeClient } from "./describe-client.ts";
import { expectSameFromAll, literalTools, pushLayout } from "./layout-tools.ts";
import type { Site } from "./site.ts";

/** An engine, and the registry's address as it sees it. */
async function openHosts(site: Site, { isTrusting = true } = {}) {
  if (site.way === "nodes") {
    const engine = await startEngine();
    return { address: site.host, engine, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
  }
  await using opened = new AsyncDisposableStack();
  const { server, client } = opened.use(await makeTwoHosts());
  const address = `${server.address}:5000`;
  const args = ["--addr", ":5000", ...(site.isTls ? [] : ["--http"])];
  opened.use(await startRegistry({ data: site.registry.data, namespace: server.namespace, args }));
  const insecure = site.isTls ? {} : { insecureRegistries: [address] };
  const engine = opened.use(await startEngine({ namespace: client.namespace, ...insecure }));
  if (site.isTls && isTrusting) {
    expect(await engine.onHost(executable, "trust", address, "--for", "docker", "--yes")).toMatchObject({ code: 0 });
  }
  const kept = opened.move();
  return { address, engine, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

describeClient("docker", {
  untrusting: async (site) => {
    await using hosts = await openHosts(site, { isTrusting: false });
    return await hosts.engine.docker("pull", `${hosts.address}/app:1`);
  },
  deeds: {
    "pushes, removes and pulls the same image; crane, oras and regctl pull it too": async (site) => {
      await using hosts = await openHosts(site);
      const tag = `${hosts.address}/team/busybox:1`;
      const pushed = await importBusybox(hosts.engine, tag);
      const said = await hosts.engine.mustDocker("push", tag);
      expect(said).toContain(`digest: ${await site.digest("team/busybox", "1")}`);
      await expectSameFromAll(site, "team/busybox:1", literalTools);
      await hosts.engine.mustDocker("image", "rm", "--force", pushed);
      await hosts.engine.mustDocker("pull", tag);
      expect(await identify(hosts.engine, tag)).toBe(pushed);
    },

    "pulls what crane pushed, by tag and by digest": async (site) => {
      await pushLayout("crane", site, "app:1");
      await using hosts = await openHosts(site);
      const { layout } = site;
      expect(await hosts.engine.mustDocker("pull", `${hosts.address}/app:1`)).toContain(`Digest: ${layout.index}`);
      const other = await hosts.engine.mustDocker("pull", `${hosts.address}/app@${layout.arm64}`);
      expect(other).toContain(`Digest: ${layout.arm64}`);
    },

    "makes an index of what crane pushed with `docker manifest`, and pushes it": async (site) => {
      await pushLayout("crane", site, "app:1");
      await using hosts = await openHosts(site);
      const insecure = site.isTls ? [] : ["--insecure"];
      const manifest = async (...args: string[]) => {
        const variables = [`HOME=${site.home}`, "DOCKER_CLI_EXPERIMENTAL=enabled"];
        const outcome = await hosts.engine.onHost("env", ...variables, "docker", "manifest", ...args);
        expect({ args, ...outcome }).toMatchObject({ args, code: 0 });
        return outcome.stdout;
      };
      const parts = [site.layout.amd64, site.layout.arm64].map((digest) => `${hosts.address}/app@${digest}`);
      await manifest("create", ...insecure, `${hosts.address}/app:made`, ...parts);
      await manifest("push", ...insecure, `${hosts.address}/app:made`);
      expect(await site.served("app", "made")).toEqual(expect.arrayContaining([site.layout.amd64, site.layout.arm64]));
      const inspected = JSON.parse(await manifest("inspect", ...insecure, `${hosts.address}/app:made`));
      const digests = inspected.manifests.map(({ digest }: { digest: string }) => digest);
      expect(digests.sort()).toEqual([site.layout.amd64, site.layout.arm64].sort());
    },
  },
});
