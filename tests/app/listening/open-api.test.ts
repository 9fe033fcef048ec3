import { expect, test } from "bun:test";
import { openApi } from "../../../src/app/listening/open-api.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { describeCertificate } from "../../../src/tls/describe.ts";
import { createAuthority } from "../../../src/tls/self-signed.ts";
import { named } from "../../registry/stocked.ts";
import { openMemory } from "../../storage/memory.ts";

test("openApi() tells schedules, certificate and caches as they are", async () => {
  const { configuration } = await loadConfiguration({ path: undefined, env: {}, flags: {} });
  const store = { ...openMemory(), now: Date.now, uuid: () => crypto.randomUUID() };
  const caches = { isCached: () => true, describeCaches: () => ({ upstreams: [], cached: { hits: 1, misses: 2 } }) };
  const api = openApi(configuration, { ...caches, store, certificate: undefined });
  expect(api.describe()).toEqual({
    version: "development",
    certificate: undefined,
    upstreams: [],
    cached: { hits: 1, misses: 2 },
    check: { intervalMs: undefined },
  });
  expect(api.isCached(named("app"))).toBe(true);
  const { certificatePem: pem } = await createAuthority({ hostName: "host", key: "ecdsa", nowMs: Date.now() });
  const material = () => ({ certificate: pem, key: "", minimum: "tls1.2" }) as const;
  const shown = describeCertificate(pem);
  const described = { names: [], fingerprint: shown?.fingerprint, endsMs: shown?.notAfterMs };
  const own = openApi(configuration, { ...caches, store, certificate: { material, authority: { pem: () => pem } } });
  expect(own.describe().certificate).toEqual({ ...described, authorityFingerprint: shown?.fingerprint } as never);
  const other = openApi(configuration, { ...caches, store, certificate: { material, authority: undefined } });
  expect(other.describe().certificate).toEqual({ ...described, authorityFingerprint: undefined } as never);
});
