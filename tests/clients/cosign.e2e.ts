// cosign with a key of one's own, and without any service: no transparency log, no time stamps, no roots to be fetched.
import { expect } from "bun:test";
import { describeClient } from "./describe-client.ts";
import { expectSameFromAll, pushLayout } from "./layout-tools.ts";
import { cosign, cosignCommand, listReferrers, makeReferrers, prepareCosign, sign } from "./referrers.ts";
import type { Site } from "./site.ts";

/** The signed digests that verify finds; it fails where there is none. */
async function verify(site: Site, reference: string, ...more: string[]): Promise<readonly string[]> {
  const key = ["--key", "cosign.pub", "--insecure-ignore-tlog", ...more];
  const verified = JSON.parse(await cosign(site, "verify", ...key, `${site.host}/${reference}`));
  return verified.map((one: { critical: { image: { "docker-manifest-digest": string } } }) => {
    return one.critical.image["docker-manifest-digest"];
  });
}

/** Pushes the layout to app:1 and makes a key; the reference of the index. */
async function prepare(site: Site): Promise<string> {
  await pushLayout("crane", site, "app:1");
  await prepareCosign(site);
  return `app@${site.layout.index}`;
}

describeClient("cosign", {
  untrusting: (site) => site.attempt(["cosign", "tree", `${site.host}/app:1`]),
  deeds: {
    "signs an index, and verifies it": async (site) => {
      const index = await prepare(site);
      await sign(site, index);
      expect(await verify(site, "app:1")).toEqual([site.layout.index]);
      expect(await listReferrers(site, "app", site.layout.index)).toHaveLength(1);
      await site.run(["cosign", "generate-key-pair", "--output-key-prefix", "other"], { COSIGN_PASSWORD: "" });
      const foreign = ["--key", "other.pub", "--insecure-ignore-tlog", `${site.host}/${index}`];
      expect(await site.attempt(cosignCommand(site, "verify", ...foreign))).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("accepted signatures do not match"),
      });
    },

    "signs and verifies in the older form, whose signatures are tags": async (site) => {
      const index = await prepare(site);
      const older = ["--tlog-upload=false", "--use-signing-config=false", "--new-bundle-format=false"];
      await cosign(site, "sign", "--key", "cosign.key", ...older, `${site.host}/${index}`);
      expect(await verify(site, "app:1", "--new-bundle-format=false")).toEqual([site.layout.index]);
      const tag = `${site.layout.index.replace(":", "-")}.sig`;
      expect(await cosign(site, "tree", `${site.host}/${index}`)).toContain(tag);
      await expectSameFromAll(site, `app:${tag}`);
    },

    "attests, and verifies what was attested": async (site) => {
      const index = await prepare(site);
      await Bun.write(site.at("predicate.json"), '{"built":"here"}');
      const offline = ["--signing-config", "signing.json", "--trusted-root", "root.json"];
      const predicate = ["--type", "https://example.com/built", "--predicate", "predicate.json"];
      await cosign(site, "attest", "--key", "cosign.key", ...offline, ...predicate, `${site.host}/${index}`);
      const key = ["--key", "cosign.pub", "--insecure-ignore-tlog", "--type", "https://example.com/built"];
      const { payload } = JSON.parse(await cosign(site, "verify-attestation", ...key, `${site.host}/app:1`));
      const statement = JSON.parse(Buffer.from(payload, "base64").toString());
      expect(statement.subject).toMatchObject([{ digest: { sha256: site.layout.index.slice("sha256:".length) } }]);
      expect(statement.predicate).toEqual({ built: "here" });
    },

    "draws what oras and regctl let refer to an image with `tree`": async (site) => {
      const made = Object.values(await makeReferrers(site));
      const tree = await cosign(site, "tree", `${site.host}/app:1`);
      expect(made.filter((digest) => !tree.includes(digest))).toEqual([]);
    },
  },
});
