// A data directory looked at without the registry: what lies there keeps the invariants of the storage tree.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Found {
  readonly path: string;
  readonly text: string;
}

/** Every broken invariant in a sentence. Sessions and temporary files are nobody's promise. */
export function findBrokenInvariants(data: string): readonly string[] {
  const root = join(data, "docker/registry/v2");
  const files = existsSync(root) ? readdirSync(root, { recursive: true, encoding: "utf8" }) : [];
  const links = files
    .filter((path) => path.endsWith("/link"))
    .map((path): Found => ({ path, text: readFileSync(join(root, path), "utf8") }));
  return [
    ...files.flatMap((path) => checkBlob(root, path)),
    ...links.flatMap((link) => checkLink(root, link)),
    ...links.flatMap((link) => checkTag(root, link)),
    ...files.flatMap((path) => checkRepository(root, path)),
  ];
}

function checkBlob(root: string, path: string): readonly string[] {
  const [, algorithm = "", hash = ""] = /^blobs\/(sha256|sha512)\/[0-9a-f]{2}\/([0-9a-f]+)\/data$/.exec(path) ?? [];
  if (hash === "") return [];
  const actual = new Bun.CryptoHasher(algorithm === "sha512" ? "sha512" : "sha256").update(
    readFileSync(join(root, path)),
  );
  return actual.digest("hex") === hash ? [] : [`${path} does not hash to its name`];
}

/** A link is exactly one digest, the one of its path, and its blob is there. */
function checkLink(root: string, { path, text }: Found): readonly string[] {
  const [, algorithm = "", hash = ""] =
    /^(?=sha256:.{64}$|sha512:.{128}$)(sha256|sha512):([0-9a-f]+)$/.exec(text) ?? [];
  if (hash === "") return [`${path} holds ${JSON.stringify(text)}`];
  const inPath = /\/(sha256|sha512)\/([0-9a-f]+)\/link$/.exec(path);
  // The Go registries file a blob of a sha512 digest under its sha256.
  if (inPath !== null && inPath[1] === algorithm && inPath[2] !== hash) return [`${path} holds another digest`];
  // What a tag pointed to once, and what a referrer's entry names, may have been deleted.
  if (["/index/", "/_referrers/", "/_deleted/"].some((place) => path.includes(place))) return [];
  const blob = join(root, "blobs", algorithm, hash.slice(0, 2), hash, "data");
  return existsSync(blob) ? [] : [`${path} leads to nothing`];
}

function checkTag(root: string, { path, text }: Found): readonly string[] {
  const match = /^(.*\/_manifests)\/tags\/[^/]+\/current\/link$/.exec(path);
  if (match === null) return [];
  const linkBelow = `${text.replace(":", "/")}/link`;
  const problems: string[] = [];
  // Its deletion decides by the revision, and leaves the tag to whoever comes next where it is killed.
  const isDeleted = existsSync(join(root, match[1] ?? "", "../_deleted", linkBelow));
  if (!existsSync(join(root, match[1] ?? "", "revisions", linkBelow)) && !isDeleted)
    problems.push(`${path} has no revision`);
  if (!existsSync(join(root, path, "../../index", linkBelow))) problems.push(`${path} has no index entry`);
  return problems;
}

/** The collector of the Go registries stops at a repository that has `_manifests` without `_layers`. */
function checkRepository(root: string, path: string): readonly string[] {
  if (!path.startsWith("repositories/") || !path.endsWith("/_manifests")) return [];
  return existsSync(join(root, path, "../_layers")) ? [] : [`${path} stands without _layers`];
}
