// What the read API answers from, as the configuration and the running server are.
import type { Configuration } from "../../config/schema.ts";
import type { ServerDescription, ShownCertificate } from "../../http/api/server-description.ts";
import type { ReadApi } from "../../http/exchange.ts";
import type { TlsMaterial } from "../../http/server.ts";
import { version } from "../../lib/version.ts";
import { compileImmutable } from "../../registry/immutable-tags.ts";
import { openReading } from "../../registry/reading/reading.ts";
import type { Store } from "../../registry/store.ts";
import { describeCertificate } from "../../tls/describe.ts";
import type { ComposedRegistry } from "../compose-registry.ts";
import { scheduleOf } from "../store/collector-schedule.ts";

/** What it is made from. */
export interface ReadApiDependencies extends Pick<ComposedRegistry, "isCached" | "describeCaches"> {
  readonly store: Store;
  /** Undefined: plain HTTP. */
  readonly certificate:
    | { material(): TlsMaterial; readonly authority: { pem(): string | undefined } | undefined }
    | undefined;
}

/** Opens it. */
export function openApi(configuration: Configuration, dependencies: ReadApiDependencies): ReadApi {
  const { store, certificate, isCached, describeCaches } = dependencies;
  const { verify, access } = configuration;
  const describe = (): ServerDescription => ({
    version,
    certificate: certificate && describeShown(certificate),
    ...describeCaches(),
    check: { intervalMs: verify.isOn ? verify.interval : undefined },
  });
  return {
    reading: openReading(store, { isImmutable: compileImmutable(access.immutable) }),
    schedule: scheduleOf(configuration, store),
    describe,
    isCached,
  };
}

function describeShown(certificate: NonNullable<ReadApiDependencies["certificate"]>): ShownCertificate | undefined {
  const shown = describeCertificate(certificate.material().certificate);
  if (shown === undefined) return undefined;
  return {
    names: shown.names.map(({ value }) => value),
    fingerprint: shown.fingerprint,
    endsMs: shown.notAfterMs,
    authorityFingerprint: describeCertificate(certificate.authority?.pem() ?? "")?.fingerprint,
  };
}
