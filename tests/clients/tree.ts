// Everything that a manifest leads to, each piece hashed. Two places that hold the same tree hold the same bytes.
import { digestOf } from "../e2e/image.ts";

/** Where the pieces are read from. */
export interface Content {
  manifest(digest: string): Promise<Uint8Array>;
  blob(digest: string): Promise<Uint8Array>;
}

interface Manifest {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
}

/** The digests of a manifest and of all it names, sorted; throws where bytes do not hash to their digest. */
export async function collectDigests(root: string, content: Content): Promise<readonly string[]> {
  const found = new Set<string>();
  const visit = async (digest: string): Promise<void> => {
    found.add(digest);
    const bytes = verify(digest, await content.manifest(digest));
    const { manifests = [], config, layers = [] } = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
    for (const blob of [...(config === undefined ? [] : [config]), ...layers]) {
      if (found.has(blob.digest)) continue;
      verify(blob.digest, await content.blob(blob.digest));
      found.add(blob.digest);
    }
    for (const child of manifests) await visit(child.digest);
  };
  await visit(root);
  return [...found].sort();
}

function verify(digest: string, bytes: Uint8Array): Uint8Array {
  const actual = digestOf(bytes, digest.startsWith("sha512:") ? "sha512" : "sha256");
  if (actual !== digest) throw new Error(`what lies under ${digest} hashes to ${actual}`);
  return bytes;
}
