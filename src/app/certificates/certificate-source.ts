// A certificate as the server uses it, made here or elsewhere.
import type { TlsMaterial } from "../../http/server.ts";
import type { CertificateDescription } from "../../tls/describe.ts";

/** A certificate that may change while the server runs. */
export interface CertificateSource {
  /** What to listen with now. */
  material(): TlsMaterial;
  description(): CertificateDescription;
  /** The CA that clients need to trust, if the certificate is our own. */
  readonly authority: { readonly path: string; pem(): string; description(): CertificateDescription } | undefined;
  /** The file of a configured certificate that is self-signed: clients need to trust it itself. */
  readonly selfSignedPath: string | undefined;
  /** What was made at the start, and why; undefined if nothing was. */
  readonly made: string | undefined;
  /** What an operator should know. */
  readonly warnings: readonly string[];
  /** Files whose change calls for `renew`. */
  readonly paths: readonly string[];
  /** Renews the certificate if that is due, or reads it again. Throws if it is unusable; `material` is then as before. */
  renew(): Promise<void>;
}
