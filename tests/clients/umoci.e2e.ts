// umoci works on layouts, which skopeo carries to the registry and back.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { describeClient } from "./describe-client.ts";
import { expectSameFromAll, skopeoFlags } from "./layout-tools.ts";
import type { Site } from "./site.ts";

async function push(site: Site, tag: string): Promise<void> {
  const copy = ["skopeo", "copy", ...skopeoFlags(site, "to")];
  await site.run([...copy, `oci:${site.at("made")}:${tag}`, `docker://${site.host}/made:${tag}`]);
}

/** Makes a layout with an image of one file. */
async function make(site: Site): Promise<void> {
  await site.run(["umoci", "init", "--layout", "made"]);
  await site.run(["umoci", "new", "--image", "made:1"]);
  await Bun.write(site.at("file.txt"), "a file\n");
  await site.run(["umoci", "insert", "--rootless", "--image", "made:1", "file.txt", "/etc/file.txt"]);
  await site.run(["umoci", "config", "--image", "made:1", "--author", "umoci", "--config.label", "made=here"]);
}

/** The digest of an image in a layout. */
async function digestIn(site: Site, layout: string, tag: string): Promise<string> {
  const { manifests } = JSON.parse(readFileSync(site.at(layout, "index.json"), "utf8"));
  return manifests.find(({ annotations }: { annotations: Record<string, string> }) => {
    return annotations["org.opencontainers.image.ref.name"] === tag;
  }).digest;
}

describeClient("umoci", {
  deeds: {
    "makes a layout that skopeo pushes, and all of skopeo, crane, oras and regctl pull": async (site) => {
      await make(site);
      await push(site, "1");
      expect(await site.digest("made", "1")).toBe(await digestIn(site, "made", "1"));
      await expectSameFromAll(site, "made:1");
    },

    "unpacks what was pulled, changes it, and the layers that are there already are kept": async (site) => {
      await make(site);
      await push(site, "1");
      const first = await site.served("made", "1");
      const copy = ["skopeo", "copy", ...skopeoFlags(site, "from")];
      await site.run([...copy, `docker://${site.host}/made:1`, `oci:${site.at("pulled")}:1`]);
      await site.run(["umoci", "unpack", "--rootless", "--image", "pulled:1", "bundle"]);
      expect(readFileSync(site.at("bundle/rootfs/etc/file.txt"), "utf8")).toBe("a file\n");
      await Bun.write(site.at("bundle/rootfs/etc/added.txt"), "added\n");
      await site.run(["umoci", "repack", "--image", "pulled:2", "bundle"]);
      await site.run([
        ...["skopeo", "copy", ...skopeoFlags(site, "to")],
        ...[`oci:${site.at("pulled")}:2`, `docker://${site.host}/made:2`],
      ]);
      expect(await site.digest("made", "2")).toBe(await digestIn(site, "pulled", "2"));
      const second = await site.served("made", "2");
      expect(second.filter((digest) => first.includes(digest))).toHaveLength(1);
    },
  },
});
