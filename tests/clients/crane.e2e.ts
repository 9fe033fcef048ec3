// crane: the CA is given by SSL_CERT_FILE.
import { expect } from "bun:test";
import { describeClient } from "./describe-client.ts";
import { craneEnvironment, expectSameFromAll, pushLayout } from "./layout-tools.ts";
import type { Site } from "./site.ts";

function crane(site: Site, ...args: string[]): Promise<string> {
  return site.run(["crane", ...args], craneEnvironment(site));
}

describeClient("crane", {
  untrusting: (site) => site.attempt(["crane", "catalog", site.host]),
  deeds: {
    "pushes a layout, which itself, skopeo, oras and regctl pull, every digest as it was": async (site) => {
      await pushLayout("crane", site, "app:1");
      await expectSameFromAll(site, "app:1");
    },

    "copies a repository's image to another repository, and all its tags": async (site) => {
      await pushLayout("crane", site, "app:1");
      await crane(site, "tag", `${site.host}/app:1`, "stable");
      await crane(site, "copy", `${site.host}/app:1`, `${site.host}/team/app:2`);
      expect(await site.served("team/app", "2")).toEqual(site.layout.digests);
      await crane(site, "copy", "--all-tags", `${site.host}/app`, `${site.host}/mirror/app`);
      expect(await crane(site, "ls", `${site.host}/mirror/app`)).toBe("1\nstable\n");
      expect(await crane(site, "catalog", site.host)).toBe("app\nmirror/app\nteam/app\n");
    },

    "validates what is stored, down to the layers": async (site) => {
      await pushLayout("crane", site, "app:1");
      const said = await site.attempt(["crane", "validate", "--remote", `${site.host}/app:1`], craneEnvironment(site));
      expect(said).toEqual({ code: 0, stdout: `PASS: ${site.host}/app:1\n`, stderr: "" });
      expect(await crane(site, "digest", `${site.host}/app:1`)).toBe(`${site.layout.index}\n`);
    },

    "builds an index with `index append` and `index filter`": async (site) => {
      await pushLayout("crane", site, "app:1");
      const platforms = [site.layout.amd64, site.layout.arm64].flatMap((digest) => [
        "-m",
        `${site.host}/app@${digest}`,
      ]);
      await crane(site, "index", "append", ...platforms, "-t", `${site.host}/app:appended`);
      const appended = JSON.parse(await crane(site, "manifest", `${site.host}/app:appended`));
      expect(appended.manifests.map(({ digest }: { digest: string }) => digest)).toEqual([
        site.layout.amd64,
        site.layout.arm64,
      ]);
      await crane(
        site,
        "index",
        "filter",
        `${site.host}/app:1`,
        "--platform=linux/arm64/v8",
        "-t",
        `${site.host}/app:arm`,
      );
      const filtered = JSON.parse(await crane(site, "manifest", `${site.host}/app:arm`));
      expect(filtered.manifests).toMatchObject([{ digest: site.layout.arm64 }]);
    },

    "changes an image with `mutate` and `append`, and reads it back": async (site) => {
      await pushLayout("crane", site, "app:1");
      const label = ["--label=made=here", "--annotation=kind=changed"];
      await crane(site, "mutate", `${site.host}/app@${site.layout.amd64}`, ...label, "-t", `${site.host}/app:mutated`);
      expect(JSON.parse(await crane(site, "manifest", `${site.host}/app:mutated`)).annotations).toEqual({
        kind: "changed",
      });
      expect(JSON.parse(await crane(site, "config", `${site.host}/app:mutated`)).config.Labels).toEqual({
        made: "here",
      });

      await Bun.write(site.at("added.txt"), "added\n");
      await site.run(["tar", "-cf", "added.tar", "added.txt"]);
      const base = ["-b", `${site.host}/app:mutated`, "-f", site.at("added.tar")];
      await crane(site, "append", ...base, "-t", `${site.host}/app:appended`);
      await crane(site, "export", `${site.host}/app:appended`, site.at("exported.tar"));
      const names = await site.run(["tar", "-tf", "exported.tar"]);
      expect(names.split("\n")).toEqual(expect.arrayContaining(["added.txt", "bin/busybox"]));
    },

    "deletes a tag, and a manifest by its digest": async (site) => {
      await pushLayout("crane", site, "app:1");
      await crane(site, "tag", `${site.host}/app:1`, "stable");
      await crane(site, "delete", `${site.host}/app:stable`);
      expect(await crane(site, "ls", `${site.host}/app`)).toBe("1\n");
      await crane(site, "delete", `${site.host}/app@${site.layout.index}`);
      expect(await site.digest("app", "1")).toBeUndefined();
    },
  },
});
