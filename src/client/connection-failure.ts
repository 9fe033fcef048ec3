// Why a registry could not be reached, in plain words.
import { errorCode } from "../lib/system-error.ts";
import { RegistryError } from "../oci/errors.ts";

/** The refusal that a failed exchange becomes; one that is a refusal already stays. */
export function explainFailure(error: unknown, url: URL): RegistryError {
  if (error instanceof RegistryError) return error;
  const code = errorCode(error) ?? "";
  if (error instanceof Error && error.name === "TimeoutError") {
    return new RegistryError("UPSTREAM_TIMEOUT", { message: `${url.host} does not answer in time`, cause: error });
  }
  const sentences: Readonly<Record<string, string>> = {
    ENOTFOUND: "its name cannot be resolved",
    EAI_AGAIN: "its name cannot be resolved",
    ECONNREFUSED: "it refuses connections",
    ConnectionRefused: "it refuses connections",
    ECONNRESET: "it broke the connection off",
    CERT_HAS_EXPIRED: "its certificate has expired",
    ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
    DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted (set ca for this upstream)",
    SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted (set ca for this upstream)",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted (set ca for this upstream)",
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not trusted (set ca for this upstream)",
  };
  if (code === "EPROTO" && url.protocol === "https:") {
    const message = `${url.host} does not speak TLS; if it serves plain HTTP, write http://${url.host}`;
    return new RegistryError("UPSTREAM_UNREACHABLE", { message, cause: error });
  }
  const reason = (Object.hasOwn(sentences, code) ? sentences[code] : undefined) ?? (code || "the connection failed");
  return new RegistryError("UPSTREAM_UNREACHABLE", {
    message: `${url.host} cannot be reached: ${reason}`,
    cause: error,
  });
}
