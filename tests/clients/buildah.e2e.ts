// buildah: the CA is given by --cert-dir.
import { expect } from "bun:test";
import { describeClient } from "./describe-client.ts";
import { expectSameFromAll, pushLayout } from "./layout-tools.ts";
import type { Site } from "./site.ts";

/** buildah with a store of its own, which is a plain directory, so that nothing is mounted. */
function globals(site: Site): readonly string[] {
  return ["--storage-driver=vfs", `--root=${site.at("store")}`, `--runroot=${site.at("run")}`];
}

async function buildah(site: Site, ...args: readonly string[]): Promise<string> {
  return (await site.run(["buildah", ...globals(site), ...args], { BUILDAH_ISOLATION: "chroot" })).trim();
}

function tls(site: Site): readonly string[] {
  return site.isTls ? [`--cert-dir=${site.certificates}`] : ["--tls-verify=false"];
}

describeClient("buildah", {
  untrusting: (site) => site.attempt(["buildah", ...globals(site), "from", `${site.host}/app:1`]),
  deeds: {
    "builds on what skopeo pushed, runs it, and pushes; skopeo, crane, oras and regctl pull it": async (site) => {
      await pushLayout("skopeo", site, "app:1");
      const from = `FROM ${site.host}/app:1\nRUN echo made > /made\n`;
      await Bun.write(site.at("context/Containerfile"), from);
      await buildah(site, "build", ...tls(site), "--layers", "--tag", `${site.host}/team/built:1`, site.at("context"));
      const digestFile = ["--digestfile", site.at("digest")];
      await buildah(site, "push", ...tls(site), ...digestFile, `${site.host}/team/built:1`);
      expect(await site.digest("team/built", "1")).toBe(await Bun.file(site.at("digest")).text());
      await expectSameFromAll(site, "team/built:1");
    },

    "commits a container straight to the registry, and pulls it": async (site) => {
      const container = await buildah(site, "from", "scratch");
      await Bun.write(site.at("file.txt"), "a file\n");
      await buildah(site, "copy", container, site.at("file.txt"), "/file.txt");
      await buildah(site, "commit", ...tls(site), container, `docker://${site.host}/committed:1`);
      await expectSameFromAll(site, "committed:1");
      const pulled = await buildah(site, "from", "--pull-always", ...tls(site), `${site.host}/committed:1`);
      const digest = await buildah(site, "inspect", "--format={{.FromImageDigest}}", pulled);
      expect(digest).toBe((await site.digest("committed", "1")) ?? "");
    },

    "makes an index of what crane pushed, and pushes it with `manifest push --all`": async (site) => {
      await pushLayout("crane", site, "app:1");
      await buildah(site, "manifest", "create", "list");
      for (const digest of [site.layout.amd64, site.layout.arm64]) {
        await buildah(site, "manifest", "add", ...tls(site), "list", `docker://${site.host}/app@${digest}`);
      }
      await buildah(site, "manifest", "push", "--all", ...tls(site), "list", `docker://${site.host}/team/app:made`);
      const served = await site.served("team/app", "made");
      const blobs = site.layout.digests.filter((digest) => digest !== site.layout.index);
      expect(served).toEqual(expect.arrayContaining(blobs));
      await expectSameFromAll(site, "team/app:made");
    },
  },
});
