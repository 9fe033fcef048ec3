// skopeo: the CA is given by --cert-dir.
import { expect } from "bun:test";
import { describeClient } from "./describe-client.ts";
import { expectSameFromAll, pushLayout, skopeoFlags } from "./layout-tools.ts";
import type { Site } from "./site.ts";

/** Pushes the layout in the format that engines had before the OCI's. */
async function pushOlder(site: Site, tag: string): Promise<void> {
  const copy = ["skopeo", "copy", "--all", "--format=v2s2", ...skopeoFlags(site, "to")];
  await site.run([...copy, `oci:${site.layout.path}:${site.layout.tag}`, `docker://${site.host}/app:${tag}`]);
}

describeClient("skopeo", {
  untrusting: (site) => site.attempt(["skopeo", "list-tags", `docker://${site.host}/some`]),
  deeds: {
    "pushes a layout with `copy --all`, which itself, crane, oras and regctl pull, every digest as it was": async (
      site,
    ) => {
      await pushLayout("skopeo", site, "app:1");
      await expectSameFromAll(site, "app:1");
    },

    "copies from one repository to another, whole and by digest": async (site) => {
      await pushLayout("skopeo", site, "app:1");
      const copy = ["skopeo", "copy", ...skopeoFlags(site, "from"), ...skopeoFlags(site, "to")];
      await site.run([...copy, "--all", `docker://${site.host}/app:1`, `docker://${site.host}/team/app:2`]);
      expect(await site.served("team/app", "2")).toEqual(site.layout.digests);
      const single = `docker://${site.host}/app@${site.layout.arm64}`;
      await site.run([...copy, single, `docker://${site.host}/team/arm:1`]);
      expect(await site.digest("team/arm", "1")).toBe(site.layout.arm64);
    },

    "pushes in docker's older format, and inspects what is stored": async (site) => {
      await pushOlder(site, "docker");
      const inspect = ["skopeo", "inspect", ...skopeoFlags(site)];
      const raw = JSON.parse(await site.run([...inspect, "--raw", `docker://${site.host}/app:docker`]));
      expect(raw.mediaType).toBe("application/vnd.docker.distribution.manifest.list.v2+json");
      const shown = JSON.parse(await site.run([...inspect, `docker://${site.host}/app:docker`]));
      expect(shown).toMatchObject({
        Digest: await site.digest("app", "docker"),
        RepoTags: ["docker"],
        Architecture: "amd64",
      });
    },

    "copies every tag of a repository with `sync`": async (site) => {
      await pushLayout("skopeo", site, "app:1");
      await pushOlder(site, "2");
      const sync = ["skopeo", "sync", "--all", ...skopeoFlags(site, "from"), ...skopeoFlags(site, "to")];
      await site.run([...sync, "--src=docker", "--dest=docker", `${site.host}/app`, `${site.host}/mirror`]);
      for (const tag of ["1", "2"]) {
        expect(await site.served("mirror/app", tag)).toEqual(await site.served("app", tag));
      }
    },

    "lists tags, and deletes an image": async (site) => {
      await pushLayout("skopeo", site, "app:1");
      await pushOlder(site, "2");
      const list = ["skopeo", "list-tags", ...skopeoFlags(site), `docker://${site.host}/app`];
      expect(JSON.parse(await site.run(list)).Tags).toEqual(["1", "2"]);
      await site.run(["skopeo", "delete", ...skopeoFlags(site), `docker://${site.host}/app:1`]);
      expect(JSON.parse(await site.run(list)).Tags).toEqual(["2"]);
      expect(await site.digest("app", site.layout.index)).toBeUndefined();
    },
  },
});
