// containerd, by way of ctr. What it knows of a registry stands in hosts.toml; for TLS, `registry trust` writes it.
import { expect } from "bun:test";
import { executable } from "../e2e/executable.ts";
import { type Containerd, startContainerd } from "./containerd-daemon.ts";
import { describeClient } from "./describe-client.ts";
import { expectSameFromAll, pushLayout } from "./layout-tools.ts";
import type { Site } from "./site.ts";

const hostsDirectory = "/etc/containerd/certs.d";
const hosts = ["--hosts-dir", hostsDirectory];
/** The snapshotter that copies directories, so that nothing is mounted. */
const pullAll = ["images", "pull", ...hosts, "--snapshotter=native", "--all-platforms"];

/** Starts a containerd that knows the registry. */
async function start(site: Site): Promise<Containerd> {
  const containerd = await startContainerd(site);
  await (site.isTls ? trust(containerd, site) : writeHosts(containerd, site, "http"));
  return containerd;
}

async function trust(containerd: Containerd, site: Site): Promise<void> {
  const trusted = await containerd.onHost(executable, "trust", site.host, "--for", "containerd", "--yes");
  expect(trusted).toMatchObject({ code: 0 });
  expect((await containerd.onHost("cat", `${hostsDirectory}/${site.host}/hosts.toml`)).stdout).toContain("ca");
}

/** Says how the registry is spoken to, and nothing of its certificate. */
async function writeHosts(containerd: Containerd, site: Site, protocol: "http" | "https"): Promise<void> {
  const url = `${protocol}://${site.host}`;
  const lines = [`server = "${url}"`, `[host."${url}"]`, 'capabilities = ["pull", "resolve", "push"]', ""];
  await Bun.write(site.at("hosts.toml"), lines.join("\n"));
  const directory = `${hostsDirectory}/${site.host}`;
  const copied = await containerd.onHost("install", "-D", site.at("hosts.toml"), `${directory}/hosts.toml`);
  expect(copied).toMatchObject({ code: 0 });
}

describeClient("containerd", {
  untrusting: async (site) => {
    await using containerd = await startContainerd(site);
    await writeHosts(containerd, site, "https");
    return await containerd.ctr("images", "pull", ...hosts, `${site.host}/app:1`);
  },
  deeds: {
    "pulls every platform of what crane pushed, and pushes it elsewhere, every digest as it was": async (site) => {
      await pushLayout("crane", site, "app:1");
      await using containerd = await start(site);
      const [from, to] = [`${site.host}/app:1`, `${site.host}/team/app:2`];
      await containerd.mustCtr(...pullAll, from);
      expect(await containerd.mustCtr("images", "ls", `name==${from}`)).toContain(site.layout.index);
      await containerd.mustCtr("images", "tag", from, to);
      await containerd.mustCtr("images", "push", ...hosts, to);
      expect(await site.served("team/app", "2")).toEqual(site.layout.digests);
    },

    "pulls by digest, and unpacks": async (site) => {
      await pushLayout("skopeo", site, "app:1");
      await using containerd = await start(site);
      const reference = `${site.host}/app@${site.layout.amd64}`;
      await containerd.mustCtr("images", "pull", ...hosts, "--snapshotter=native", reference);
      expect(await containerd.mustCtr("images", "check", "--snapshotter=native", `name==${reference}`)).toMatch(
        /complete \(2\/2\).*true/,
      );
    },

    "imports a layout and pushes it; skopeo, crane, oras and regctl pull it": async (site) => {
      await using containerd = await start(site);
      await site.run(["tar", "-C", site.layout.path, "-cf", "layout.tar", "."]);
      const name = `${site.host}/imported`;
      const imported = ["--all-platforms", "--snapshotter=native", "--base-name", name, site.at("layout.tar")];
      await containerd.mustCtr("images", "import", ...imported);
      await containerd.mustCtr("images", "push", ...hosts, `${name}:${site.layout.tag}`);
      expect(await site.served("imported", site.layout.tag)).toEqual(site.layout.digests);
      await expectSameFromAll(site, `imported:${site.layout.tag}`);
    },
  },
});
