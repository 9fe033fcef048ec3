// podman: the CA is given by the certs.d of its user; that a registry speaks plain HTTP, by registries.conf.
import { expect } from "bun:test";
import { cpSync } from "node:fs";
import { describeClient } from "./describe-client.ts";
import { expectSameFromAll, literalTools, pushLayout } from "./layout-tools.ts";
import type { Site } from "./site.ts";

/** podman with a store of its own, which is a plain directory, so that nothing is mounted. */
function globals(site: Site): readonly string[] {
  return [
    ...["--storage-driver=vfs", `--root=${site.at("store")}`, `--runroot=${site.at("run")}`],
    ...[`--tmpdir=${site.at("libpod")}`, "--cgroup-manager=cgroupfs", "--events-backend=none"],
  ];
}

function podman(site: Site, ...args: readonly string[]): Promise<string> {
  return site.run(["podman", ...globals(site), ...args], { CONTAINERS_REGISTRIES_CONF: site.at("registries.conf") });
}

/** Makes the registry known. */
async function configure(site: Site): Promise<void> {
  const registry = `[[registry]]\nlocation = "${site.host}"\ninsecure = true\n`;
  await Bun.write(site.at("registries.conf"), site.isTls ? "" : registry);
  if (site.isTls) cpSync(site.certificates, site.at(".config/containers/certs.d", site.host), { recursive: true });
}

/** The identifier of an image that podman has. */
async function identify(site: Site, reference: string): Promise<string> {
  return (await podman(site, "image", "inspect", "--format={{.Id}}", reference)).trim();
}

/** Makes an image of a directory. */
async function build(site: Site, tag: string, platform = "linux/amd64"): Promise<void> {
  await Bun.write(site.at("context/file.txt"), `for ${platform}\n`);
  await Bun.write(site.at("context/Containerfile"), "FROM scratch\nCOPY file.txt /file.txt\n");
  await podman(site, "build", "--platform", platform, "--isolation=chroot", "--tag", tag, site.at("context"));
}

describeClient("podman", {
  untrusting: (site) => site.attempt(["podman", ...globals(site), "pull", `${site.host}/app:1`]),
  deeds: {
    "builds, pushes, removes and pulls the same image; skopeo, crane, oras and regctl pull it too": async (site) => {
      await configure(site);
      const tag = `${site.host}/team/built:1`;
      await build(site, tag);
      const built = await identify(site, tag);
      await podman(site, "push", "--digestfile", site.at("digest"), tag);
      expect(await site.digest("team/built", "1")).toBe(await Bun.file(site.at("digest")).text());
      await expectSameFromAll(site, "team/built:1");
      await podman(site, "image", "rm", tag);
      await podman(site, "pull", tag);
      expect(await identify(site, tag)).toBe(built);
    },

    "pulls what crane pushed, by tag and by digest": async (site) => {
      await configure(site);
      await pushLayout("crane", site, "app:1");
      await podman(site, "pull", `${site.host}/app:1`);
      const digests = await podman(site, "image", "inspect", "--format={{json .RepoDigests}}", `${site.host}/app:1`);
      expect(JSON.parse(digests)).toEqual(
        expect.arrayContaining([`${site.host}/app@${site.layout.index}`, `${site.host}/app@${site.layout.amd64}`]),
      );
      await podman(site, "pull", `${site.host}/app@${site.layout.arm64}`);
    },

    "pushes in docker's older format; crane, oras and regctl pull that": async (site) => {
      await configure(site);
      const tag = `${site.host}/built:docker`;
      await build(site, tag);
      await podman(site, "push", "--format=v2s2", tag);
      await expectSameFromAll(site, "built:docker", literalTools);
    },

    "pushes layers compressed with zstd; skopeo, crane, oras and regctl pull them as they are": async (site) => {
      await configure(site);
      const tag = `${site.host}/built:zstd`;
      await build(site, tag);
      await podman(site, "push", "--compression-format=zstd", tag);
      const response = await site.registry.fetch("/v2/built/manifests/zstd");
      expect(await response.json()).toMatchObject({
        layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+zstd" }],
      });
      await expectSameFromAll(site, "built:zstd");
      await podman(site, "image", "rm", tag);
      await podman(site, "pull", tag);
    },

    "pushes an index with `manifest push --all`": async (site) => {
      await configure(site);
      await podman(site, "manifest", "create", "list");
      for (const platform of ["linux/amd64", "linux/arm64"]) {
        const tag = `localhost/built:${platform.replace("/", "-")}`;
        await build(site, tag, platform);
        await podman(site, "manifest", "add", "list", `containers-storage:${tag}`);
      }
      await podman(site, "manifest", "push", "--all", "list", `docker://${site.host}/built:multi`);
      await expectSameFromAll(site, "built:multi");
      const inspected = JSON.parse(await podman(site, "manifest", "inspect", `${site.host}/built:multi`));
      expect(inspected.manifests).toMatchObject([
        { platform: { architecture: "amd64", os: "linux" } },
        { platform: { architecture: "arm64", os: "linux" } },
      ]);
    },

    "searches the catalog and the tags": async (site) => {
      await configure(site);
      await pushLayout("crane", site, "app:1");
      await pushLayout("crane", site, "team/app:2");
      const search = async (...args: string[]) => JSON.parse(await podman(site, "search", "--format=json", ...args));
      const found = await search(`${site.host}/app`);
      expect(found.map(({ Name }: { Name: string }) => Name).sort()).toEqual([
        `${site.host}/app`,
        `${site.host}/team/app`,
      ]);
      const tags = await search("--list-tags", `${site.host}/app`);
      expect(tags).toEqual([{ Name: `${site.host}/app`, Tags: ["1"] }]);
    },
  },
});
