// oras: the CA is given by --ca-file.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { describeClient } from "./describe-client.ts";
import { expectSameFromAll, orasFlags, pushLayout } from "./layout-tools.ts";
import { attach, makeReferrers } from "./referrers.ts";
import type { Site } from "./site.ts";

function oras(site: Site, command: string, ...args: string[]): Promise<string> {
  return site.run(["oras", ...command.split(" "), ...orasFlags(site), ...args]);
}

interface Discovered {
  readonly digest: string;
  readonly artifactType: string;
  readonly referrers?: readonly Discovered[];
}

async function discover(site: Site, reference: string, ...args: string[]): Promise<readonly Discovered[]> {
  const json = ["--format", "json", ...args];
  return JSON.parse(await oras(site, "discover", ...json, `${site.host}/${reference}`)).referrers ?? [];
}

const sbom = "application/vnd.example.sbom";
const report = "application/vnd.example.report";

describeClient("oras", {
  untrusting: (site) => site.attempt(["oras", "repo", "ls", "--plain-http=false", site.host]),
  deeds: {
    "pushes a layout, which itself, skopeo, crane and regctl pull, every digest as it was": async (site) => {
      await pushLayout("oras", site, "app:1");
      await expectSameFromAll(site, "app:1");
    },

    "pushes and pulls an artifact of several files; skopeo, crane and regctl pull it too": async (site) => {
      await Bun.write(site.at("in/config.json"), '{"a":1}');
      await Bun.write(site.at("in/data.txt"), "data\n");
      const files = ["in/data.txt:text/plain", "in/config.json:application/json"];
      await oras(site, "push", "--artifact-type", sbom, `${site.host}/artifact:1,latest`, ...files);
      await oras(site, "pull", "-o", site.at("out"), `${site.host}/artifact:latest`);
      expect(readFileSync(site.at("out/in/data.txt"), "utf8")).toBe("data\n");
      expect(readFileSync(site.at("out/in/config.json"), "utf8")).toBe('{"a":1}');
      await expectSameFromAll(site, "artifact:1");
      expect(await oras(site, "repo tags", `${site.host}/artifact`)).toBe("1\nlatest\n");
      expect(await oras(site, "repo ls", site.host)).toBe("artifact\n");
    },

    "attaches artifacts, and discovers them, all or by their type": async (site) => {
      await pushLayout("oras", site, "app:1");
      const first = await attach(site, "app:1", sbom);
      const second = await attach(site, `app@${first}`, report);
      const third = await attach(site, "app:1", report);
      const found = await discover(site, "app:1");
      expect(found.map(({ digest }) => digest).sort()).toEqual([first, third].sort());
      expect(found.find(({ digest }) => digest === first)?.referrers).toMatchObject([{ digest: second }]);
      expect(await discover(site, "app:1", "--artifact-type", report)).toMatchObject([{ digest: third }]);
    },

    "discovers what regctl and cosign let refer to an image": async (site) => {
      const made = await makeReferrers(site);
      const found = await discover(site, "app:1");
      expect(found.map(({ digest }) => digest).sort()).toEqual(Object.values(made).sort());
    },

    "copies an image with all that refers to it, `cp -r`, to another repository and to a layout": async (site) => {
      await pushLayout("oras", site, "app:1");
      const first = await attach(site, "app:1", sbom);
      await attach(site, `app@${first}`, report);
      const both = [...orasFlags(site, "from"), ...orasFlags(site, "to")];
      await site.run(["oras", "cp", "-r", ...both, `${site.host}/app:1`, `${site.host}/team/app:2`]);
      expect(await site.served("team/app", "2")).toEqual(site.layout.digests);
      const shape = (found: readonly Discovered[]): unknown =>
        found.map(({ digest, referrers = [] }) => [digest, shape(referrers)]);
      const original = shape(await discover(site, "app:1"));
      expect(shape(await discover(site, "team/app:2"))).toEqual(original);

      const toLayout = ["oras", "cp", "-r", ...orasFlags(site, "from"), "--to-oci-layout"];
      await site.run([...toLayout, `${site.host}/app:1`, `${site.at("back")}:1`]);
      const inLayout = ["oras", "discover", "--format", "json", "--oci-layout", `${site.at("back")}:1`];
      expect(shape(JSON.parse(await site.run(inLayout)).referrers)).toEqual(original);
    },

    "makes an index on the registry, and deletes a manifest and what refers to it": async (site) => {
      await pushLayout("oras", site, "app:1");
      await oras(site, "manifest index create", `${site.host}/app:made`, site.layout.amd64, site.layout.arm64);
      const made = JSON.parse(await oras(site, "manifest fetch", `${site.host}/app:made`));
      expect(made.manifests).toMatchObject([{ digest: site.layout.amd64 }, { digest: site.layout.arm64 }]);
      const attached = await attach(site, "app:1", sbom);
      await oras(site, "manifest delete", "--force", `${site.host}/app@${attached}`);
      expect(await discover(site, "app:1")).toEqual([]);
      await oras(site, "manifest delete", "--force", `${site.host}/app:made`);
      expect(await oras(site, "repo tags", `${site.host}/app`)).toBe("1\n");
    },

    "pushes, fetches and deletes a blob": async (site) => {
      await Bun.write(site.at("blob"), "some bytes\n");
      const { digest } = JSON.parse(await oras(site, "blob push", "--descriptor", `${site.host}/blobs`, "blob"));
      await oras(site, "blob fetch", "--output", "fetched", `${site.host}/blobs@${digest}`);
      expect(readFileSync(site.at("fetched"), "utf8")).toBe("some bytes\n");
      await oras(site, "blob delete", "--force", `${site.host}/blobs@${digest}`);
      const gone = await site.attempt([
        "oras",
        "blob",
        "fetch",
        ...orasFlags(site),
        "--descriptor",
        `${site.host}/blobs@${digest}`,
      ]);
      expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining("not found") });
    },
  },
});
