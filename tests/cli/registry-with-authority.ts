// Servers as `registry trust` meets them.
import { parseSubjectName } from "../../src/lib/subject-names.ts";
import { type CertificatePair, createAuthority, issueServerCertificate } from "../../src/tls/self-signed.ts";

/** An authority and a server certificate for the names. */
export async function makeCertificates(...names: string[]): Promise<{ ca: CertificatePair; server: CertificatePair }> {
  const nowMs = Date.now();
  const ca = await createAuthority({ hostName: "host", key: "ecdsa", nowMs });
  const subjectNames = names.flatMap((name) => parseSubjectName(name) ?? []);
  const server = await issueServerCertificate(ca, { names: subjectNames, key: "ecdsa", days: 397, nowMs });
  return { ca, server };
}

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream | Response;

/** A server on the loopback address that answers /ca.crt with a body, and everything else with 404. */
export function serveAuthority(body: () => Body | undefined, pair?: CertificatePair, hostname = "127.0.0.1") {
  return Bun.serve({
    port: 0,
    hostname,
    development: false,
    ...(pair === undefined ? {} : { tls: { cert: pair.certificatePem, key: pair.keyPem } }),
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      const answer = pathname === "/ca.crt" ? body() : undefined;
      if (pathname === "/v2/") return new Response("{}");
      if (answer instanceof Response) return answer;
      return answer === undefined ? new Response("", { status: 404 }) : new Response(answer);
    },
  });
}
