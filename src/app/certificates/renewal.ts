// A certificate that changes while the server runs.
import type { RunningServer } from "../../http/server.ts";
import { messageOf } from "../../lib/system-error.ts";
import type { Logger } from "../../log/logger.ts";
import type { CertificateSource } from "./certificate-source.ts";

/**
 * Renews or reads the certificate again if that is due, and serves new connections with it; never twice at once. What
 * cannot be used is an error in the log, and the old one stays.
 */
export function createRenewal(
  certificate: CertificateSource | undefined,
  { server, logger }: { readonly server: Pick<RunningServer, "replaceCertificate">; readonly logger: Logger },
): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  // What is served, rather than what was read last: what the server refused is tried again.
  let served = certificate?.material();
  const renew = async () => {
    try {
      await certificate?.renew();
      const material = certificate?.material();
      if (material === undefined || Bun.deepEquals(material, served)) return;
      server.replaceCertificate(material);
      served = material;
      logger.info("renewed the certificate", { fingerprint: certificate?.description().fingerprint });
    } catch (error) {
      logger.error("the new certificate cannot be used; the old one stays", { problem: messageOf(error) });
    }
  };
  return () => {
    running = running.then(renew);
    return running;
  };
}
