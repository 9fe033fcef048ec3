// regctl: its own configuration says whether a registry speaks TLS, and which CA it has.
import { expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { digestOf } from "../e2e/image.ts";
import { describeClient } from "./describe-client.ts";
import { configureRegctl, expectSameFromAll, pushLayout } from "./layout-tools.ts";
import { makeReferrers, refer } from "./referrers.ts";
import type { Site } from "./site.ts";

function regctl(site: Site, command: string, ...args: string[]): Promise<string> {
  return site.run(["regctl", ...command.split(" "), ...args]);
}

const sbom = "application/vnd.example.sbom";

describeClient("regctl", {
  untrusting: (site) => site.attempt(["regctl", "tag", "ls", `${site.host}/app`]),
  deeds: {
    "pushes a layout, which itself, skopeo, crane and oras pull, every digest as it was": async (site) => {
      await pushLayout("regctl", site, "app:1");
      await expectSameFromAll(site, "app:1");
    },

    "copies an image from one repository to another": async (site) => {
      await pushLayout("regctl", site, "app:1");
      await regctl(site, "image copy", `${site.host}/app:1`, `${site.host}/team/app:2`);
      expect(await site.served("team/app", "2")).toEqual(site.layout.digests);
      expect(await regctl(site, "repo ls", site.host)).toBe("app\nteam/app\n");
    },

    "deletes a tag and leaves the others of its manifest": async (site) => {
      await pushLayout("regctl", site, "app:1");
      await regctl(site, "image copy", `${site.host}/app:1`, `${site.host}/app:2`);
      await regctl(site, "tag delete", `${site.host}/app:1`);
      expect(await regctl(site, "tag ls", `${site.host}/app`)).toBe("2\n");
      expect(await site.served("app", "2")).toEqual(site.layout.digests);
    },

    "uploads a blob in chunks": async (site) => {
      await configureRegctl(site, "--blob-chunk", "100000", "--blob-max", "100000");
      const bytes = randomBytes(1_050_000);
      await Bun.write(site.at("blob"), bytes);
      const put = `regctl blob put --verbosity trace ${site.host}/blobs < blob`;
      const { code, stdout, stderr } = await site.attempt(["sh", "-c", put]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${digestOf(bytes)}\n` });
      expect(stderr.match(/method=PATCH/gi)?.length).toBe(11);
      await site.run(["sh", "-c", `regctl blob get ${site.host}/blobs ${digestOf(bytes)} > back`]);
      expect(readFileSync(site.at("back")).equals(bytes)).toBe(true);
    },

    "puts artifacts that refer to images, and draws them with `artifact tree`": async (site) => {
      await pushLayout("regctl", site, "app:1");
      const first = await refer(site, { name: "app", to: site.layout.index, type: sbom });
      const second = await refer(site, { name: "app", to: site.layout.arm64, type: sbom });
      const third = await refer(site, { name: "app", to: first, type: sbom });
      const tree = JSON.parse(await regctl(site, "artifact tree", "--format", "{{json .}}", `${site.host}/app:1`));
      const text = JSON.stringify(tree);
      for (const digest of [first, second, third]) expect(text).toContain(digest);
      const list = JSON.parse(await regctl(site, "artifact list", "--format", "{{json .}}", `${site.host}/app:1`));
      expect(list.descriptors).toMatchObject([{ digest: first, artifactType: sbom }]);
      const got = await regctl(site, "artifact get", "--subject", `${site.host}/app@${site.layout.arm64}`);
      expect(JSON.parse(got)).toEqual({ of: site.layout.arm64 });
    },

    "lists and draws what oras and cosign let refer to an image": async (site) => {
      const made = Object.values(await makeReferrers(site)).sort();
      const list = JSON.parse(await regctl(site, "artifact list", "--format", "{{json .}}", `${site.host}/app:1`));
      expect(list.descriptors.map(({ digest }: { digest: string }) => digest).sort()).toEqual(made);
      const tree = await regctl(site, "artifact tree", "--format", "{{json .Referrer}}", `${site.host}/app:1`);
      expect(tree.match(/sha256:[0-9a-f]+/g)).toEqual(expect.arrayContaining(made));
    },

    "copies an image with all that refers to it": async (site) => {
      await pushLayout("regctl", site, "app:1");
      const first = await refer(site, { name: "app", to: site.layout.index, type: sbom });
      const nested = await refer(site, { name: "app", to: first, type: sbom });
      await regctl(site, "image copy", "--referrers", `${site.host}/app:1`, `${site.host}/team/app:1`);
      const tree = await regctl(site, "artifact tree", "--format", "{{json .Referrer}}", `${site.host}/team/app:1`);
      expect(tree.match(/sha256:[0-9a-f]+/g)).toEqual(expect.arrayContaining([first, nested]));
    },

    "changes an image to SHA-512 digests, and copies that": async (site) => {
      await pushLayout("regctl", site, "app:1");
      await regctl(
        site,
        "image mod",
        "--digest-algo",
        "sha512",
        "--create",
        `${site.host}/app:sha512`,
        `${site.host}/app:1`,
      );
      expect(await site.digest("app", "sha512")).toStartWith("sha512:");
      const served = await site.served("app", "sha512");
      expect(served.filter((digest) => digest.startsWith("sha512:"))).toHaveLength(served.length);
      await regctl(site, "image copy", `${site.host}/app:sha512`, `${site.host}/team/app:sha512`);
      expect(await site.served("team/app", "sha512")).toEqual(served);
    },
  },
});
