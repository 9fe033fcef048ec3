import { expect, test } from "bun:test";
import type { CertificateSource } from "../../../src/app/certificates/certificate-source.ts";
import { createRenewal } from "../../../src/app/certificates/renewal.ts";
import type { TlsMaterial } from "../../../src/http/server.ts";
import { createLogger } from "../../../src/log/logger.ts";

const material: TlsMaterial = { certificate: "certificate", key: "key", minimum: "tls1.2" };

/** What is served and logged where `renew` does this. */
function renewing(renew: () => Promise<TlsMaterial | undefined>, serve: () => void = () => undefined) {
  const served: TlsMaterial[] = [];
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger({ level: "info", format: "json", write, now: () => 0 });
  let current: TlsMaterial = { ...material, certificate: "the first" };
  const source = {
    material: () => ({ ...current }),
    renew: async () => {
      current = (await renew()) ?? current;
    },
    description: () => ({ fingerprint: "AB:CD" }),
  } as unknown as CertificateSource;
  const server = {
    replaceCertificate: (tls: TlsMaterial) => {
      serve();
      served.push(tls);
    },
  };
  return { served, lines, run: createRenewal(source, { server, logger }) };
}

test("a certificate that has changed is served, and told of", async () => {
  const { served, lines, run } = renewing(async () => material);
  await run();
  expect([served, lines.map(({ msg, fingerprint }) => [msg, fingerprint])]).toEqual([
    [material],
    [["renewed the certificate", "AB:CD"]],
  ]);
});

test("one that has not changed is not", async () => {
  const { served, lines, run } = renewing(async () => undefined);
  await run();
  expect([served, lines]).toEqual([[], []]);
});

test("one that cannot be used is an error, and the next one counts", async () => {
  let isBroken = true;
  const { served, lines, run } = renewing(async () => {
    if (isBroken) throw new Error("not a PEM certificate");
    return material;
  });
  await run();
  isBroken = false;
  await Promise.all([run(), run()]);
  expect([served.length, lines.map(({ level, problem }) => [level, problem])]).toEqual([
    1,
    [
      ["error", "not a PEM certificate"],
      ["info", undefined],
    ],
  ]);
});

test("what the server could not take is tried again, although it has not changed since", async () => {
  let isRefused = true;
  const { served, run } = renewing(
    async () => material,
    () => {
      if (isRefused) throw new Error("the system is out of descriptors");
    },
  );
  await run();
  isRefused = false;
  await run();
  await run();
  expect(served).toEqual([material]);
});
