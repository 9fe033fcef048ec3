// Manifests as tests push them.
import type { Digest } from "../../src/oci/digest.ts";
import { putManifest } from "../../src/registry/manifest-push.ts";
import type { ManifestRules } from "../../src/registry/manifest-rules.ts";
import { digestOf, named, type Stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const rules: ManifestRules = { urls: "any", children: "all" };

/** The type of layers that may lie elsewhere. */
export const nondistributable = "application/vnd.oci.image.layer.nondistributable.v1.tar";

/** How a manifest is pushed. */
export interface PutOptions {
  readonly tags?: readonly string[];
  readonly digest?: Digest;
  readonly rules?: ManifestRules;
}

/** Pushes a manifest with these fields to `app`. */
export function put({ store }: Pick<Stocked, "store">, fields: object, options: PutOptions = {}) {
  const bytes = utf8(JSON.stringify({ schemaVersion: 2, ...fields }));
  const { tags = [], digest } = options;
  const request = { bytes, contentType: undefined, digest, tags: tags.map(tagged) };
  return putManifest(store, app, { put: request, rules: options.rules ?? rules });
}

/** A descriptor of a blob with this text. */
export function blob(text: string, fields: object = {}) {
  return { mediaType: "application/octet-stream", digest: digestOf(text), size: text.length, ...fields };
}
