// The routes of uploads: beginning one, in one request or by a mount, and everything that is asked of a session.
import { type Algorithm, type Digest, digestAlgorithm, parseAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/name.ts";
import { singleValue } from "./pagination.ts";
import { requireDigest } from "./route-parts.ts";

/** Everything that can be asked about uploads. */
export type UploadRoute =
  | { readonly kind: "startUpload"; readonly name: RepositoryName; readonly algorithm: Algorithm }
  | { readonly kind: "postBlob"; readonly name: RepositoryName; readonly digest: Digest }
  | {
      readonly kind: "mountBlob";
      readonly name: RepositoryName;
      readonly digest: Digest;
      readonly from: RepositoryName | undefined;
    }
  | { readonly kind: "getUpload" | "patchUpload" | "deleteUpload"; readonly name: RepositoryName; readonly id: string }
  | { readonly kind: "putUpload"; readonly name: RepositoryName; readonly id: string; readonly digest: Digest };

/** What a POST to the uploads of a repository asks for. */
export function parseUploadStart(name: RepositoryName, query: URLSearchParams): UploadRoute {
  const mount = singleValue(query, "mount");
  const from = singleValue(query, "from");
  if (mount !== undefined) return mountRoute(name, { mount, from });
  const digest = singleValue(query, "digest");
  if (digest !== undefined) return { kind: "postBlob", name, digest: requireDigest(digest) };
  const text = singleValue(query, "digest-algorithm") ?? "sha256";
  const algorithm = parseAlgorithm(text);
  if (algorithm !== undefined) return { kind: "startUpload", name, algorithm };
  throw new RegistryError("DIGEST_INVALID", {
    message: "unsupported digest algorithm",
    detail: { algorithm: text.slice(0, 100) },
  });
}

/**
 * A mount only saves an upload: from a source that cannot exist here, such as a name on another host, the upload
 * begins.
 */
function mountRoute(name: RepositoryName, { mount, from }: { mount: string; from: string | undefined }): UploadRoute {
  const digest = requireDigest(mount);
  const source = from === undefined ? undefined : parseRepositoryName(from);
  if (from !== undefined && source === undefined) {
    return { kind: "startUpload", name, algorithm: digestAlgorithm(digest) };
  }
  return { kind: "mountBlob", name, digest, from: source };
}

/** What is asked of one session. */
export function parseUploadRoute(
  { name, text }: { readonly name: RepositoryName; readonly text: string },
  { method, query }: { readonly method: string; readonly query: URLSearchParams },
): UploadRoute {
  const id = text.toLowerCase();
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
    throw new RegistryError("BLOB_UPLOAD_UNKNOWN", { detail: { id: text.slice(0, 100) } });
  }
  if (method === "GET") return { kind: "getUpload", name, id };
  if (method === "PATCH") return { kind: "patchUpload", name, id };
  if (method === "DELETE") return { kind: "deleteUpload", name, id };
  const digest = singleValue(query, "digest");
  if (digest === undefined)
    throw new RegistryError("DIGEST_INVALID", { message: "the query parameter digest is missing" });
  return { kind: "putUpload", name, id, digest: requireDigest(digest) };
}
