import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { fetchAuthority, fetchPresented, fetchServerCertificate } from "../../../src/cli/trust/fetch.ts";
import { parseTrustTarget, type TrustTarget } from "../../../src/cli/trust/target.ts";
import { formatSubjectNames } from "../../../src/lib/subject-names.ts";
import { describeCertificate } from "../../../src/tls/describe.ts";
import { makeCertificates, serveAuthority } from "../registry-with-authority.ts";

const { ca, server } = await makeCertificates("localhost", "127.0.0.1", "::1");
const { ca: otherCa } = await makeCertificates("localhost");

function target(text: string): TrustTarget {
  const parsed = parseTrustTarget(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

test("fetchAuthority() and fetchServerCertificate() from a registry, by name and by address", async () => {
  await using listener = serveAuthority(() => `# a comment\n${ca.certificatePem}`, server);
  for (const host of ["127.0.0.1", "localhost"]) {
    const there = target(`${host}:${listener.port}`);
    const handedOut = await fetchAuthority(there);
    const presented = await fetchServerCertificate(there, { caPem: ca.certificatePem });
    expect([handedOut, formatSubjectNames(presented.names)]).toEqual([
      `# a comment\n${ca.certificatePem}`,
      "localhost, 127.0.0.1, ::1",
    ]);
  }
});

test("fetchAuthority() from an IPv6 address", async () => {
  await using listener = serveAuthority(() => ca.certificatePem, server, "::1");
  const there = target(`[::1]:${listener.port}`);
  const presented = await fetchServerCertificate(there, { caPem: (await fetchAuthority(there)) ?? "" });
  expect(presented.fingerprint).toBe(describeCertificate(server.certificatePem)?.fingerprint ?? "");
});

test("fetchServerCertificate() refuses a server that its CA does not vouch for", async () => {
  await using listener = serveAuthority(() => otherCa.certificatePem, server);
  const there = target(`127.0.0.1:${listener.port}`);
  await expect(fetchServerCertificate(there, { caPem: otherCa.certificatePem })).rejects.toThrow(
    "presents a certificate that this CA does not vouch for",
  );
});

test.each([
  ["no such file", 404, undefined],
  ["a login is wanted", 401, undefined],
])("fetchAuthority() is undefined where %s", async (_what, status, want) => {
  await using listener = serveAuthority(() => new Response("", { status }), server);
  expect(await fetchAuthority(target(`127.0.0.1:${listener.port}`))).toBe(want);
});

test.each([
  ["is too large", () => new Uint8Array(70_000), "the answer is larger than 65536 bytes"],
  ["fails", () => new Response("", { status: 500 }), "was answered with status 500; is this a registry?"],
])("fetchAuthority() refuses /ca.crt that %s", async (_what, body, message) => {
  await using listener = serveAuthority(body, server);
  await expect(fetchAuthority(target(`127.0.0.1:${listener.port}`))).rejects.toThrow(message);
});

test("fetchPresented() tells what the server presents, and that this machine does not trust it", async () => {
  await using listener = serveAuthority(() => undefined, server);
  const { pem, isTrusted } = await fetchPresented(target(`127.0.0.1:${listener.port}`));
  expect([pem, isTrusted]).toEqual([server.certificatePem, false]);
});

test("fetchAuthority() ends an answer that has no end", async () => {
  const endless = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16_384)) });
  await using listener = serveAuthority(endless, server);
  await expect(fetchAuthority(target(`127.0.0.1:${listener.port}`))).rejects.toThrow("larger than 65536 bytes");
});

test("fetchAuthority() tells a server of plain HTTP", async () => {
  await using listener = serveAuthority(() => ca.certificatePem);
  await expect(fetchAuthority(target(`127.0.0.1:${listener.port}`))).rejects.toThrow("speaks plain HTTP");
});

test("fetchAuthority() tells that nobody listens", async () => {
  const listener = serveAuthority(() => undefined);
  const { port } = listener;
  await listener.stop(true);
  await expect(fetchAuthority(target(`127.0.0.1:${port}`))).rejects.toThrow(`nothing answers at 127.0.0.1:${port}`);
});

test("fetchAuthority() tells a name that does not resolve", async () => {
  await expect(fetchAuthority(target("nowhere.invalid:5000"))).rejects.toThrow("does not resolve on this machine");
});

test("fetchAuthority() does not wait for a server that is silent", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await expect(fetchAuthority(target(`127.0.0.1:${port}`), { timeoutMs: 100 })).rejects.toThrow("no answer from");
  silent.close();
});
