// Artifacts that refer to an image, made by each tool that makes such, so that each can be asked for all of them.
import { configureRegctl, orasFlags, pushLayout } from "./layout-tools.ts";
import type { Site } from "./site.ts";

/** The digests of an image's referrers by the tool that made them. */
export interface Referrers {
  readonly oras: string;
  readonly regctl: string;
  readonly cosign: string;
}

/** Attaches a file to an image with oras; the digest of the new artifact. */
export async function attach(site: Site, subject: string, type: string): Promise<string> {
  await Bun.write(site.at("attached.json"), JSON.stringify({ type }));
  const attached = await site.run([
    ...["oras", "attach", ...orasFlags(site), "--format", "json", "--artifact-type", type],
    ...[`${site.host}/${subject}`, "attached.json:application/json"],
  ]);
  return JSON.parse(attached).digest;
}

/** Puts an artifact that refers to a manifest with regctl, which knows the registry; the digest of the new artifact. */
export async function refer(
  site: Site,
  { name, to, type }: { name: string; to: string; type: string },
): Promise<string> {
  await Bun.write(site.at("sbom.json"), JSON.stringify({ of: to }));
  const digest = await site.run([
    ...["regctl", "artifact", "put", "--artifact-type", type, "--subject", `${site.host}/${name}@${to}`],
    ...["--file", "sbom.json", "--by-digest", "--format", "{{.Manifest.GetDescriptor.Digest}}", `${site.host}/${name}`],
  ]);
  return digest.trim();
}

/** Makes a key and what keeps cosign from looking for services: no log, no time stamps, no roots of trust. */
export async function prepareCosign(site: Site): Promise<void> {
  await site.run(["cosign", "generate-key-pair"], { COSIGN_PASSWORD: "" });
  await site.run(["cosign", "signing-config", "create", "--out", "signing.json"]);
  await site.run(["cosign", "trusted-root", "create", "--out", "root.json"]);
}

/** A command of cosign's on the registry; its key has no password. */
export function cosignCommand(site: Site, command: string, ...args: readonly string[]): readonly string[] {
  const registry = site.isTls ? ["--registry-cacert", `${site.certificates}/ca.crt`] : ["--allow-http-registry"];
  return ["env", "COSIGN_PASSWORD=", "cosign", command, ...registry, ...args];
}

/** Runs such a command, which has to succeed. */
export function cosign(site: Site, command: string, ...args: readonly string[]): Promise<string> {
  return site.run(cosignCommand(site, command, ...args));
}

/** Signs a reference in today's form: a bundle that refers to the image. */
export async function sign(site: Site, reference: string): Promise<void> {
  const offline = ["--signing-config", "signing.json", "--trusted-root", "root.json"];
  await cosign(site, "sign", "--key", "cosign.key", ...offline, `${site.host}/${reference}`);
}

/** The digests that the registry lists as referrers. */
export async function listReferrers(site: Site, name: string, digest: string): Promise<readonly string[]> {
  const response = await site.registry.fetch(`/v2/${name}/referrers/${digest}`);
  const { manifests } = (await response.json()) as { manifests: { digest: string }[] };
  return manifests.map((manifest) => manifest.digest).sort();
}

/** Pushes the layout to app:1 and lets each tool add a referrer. */
export async function makeReferrers(site: Site): Promise<Referrers> {
  await pushLayout("crane", site, "app:1");
  await configureRegctl(site);
  const oras = await attach(site, "app:1", "application/vnd.example.report");
  const regctl = await refer(site, { name: "app", to: site.layout.index, type: "application/vnd.example.sbom" });
  await prepareCosign(site);
  await sign(site, `app@${site.layout.index}`);
  const others = (await listReferrers(site, "app", site.layout.index)).filter((one) => one !== oras && one !== regctl);
  if (others[0] === undefined || others.length !== 1) throw new Error(`cosign made ${others.length} referrers`);
  return { oras, regctl, cosign: others[0] };
}
