// Paths besides content: the base of the API, a sign of life, probes, the CA certificate, OPTIONS.
import { RegistryError } from "../../oci/errors.ts";
import type { Exchange } from "../exchange.ts";

/** That the API is here, and ready for the caller. */
export async function getBase({ registry }: Exchange): Promise<Response> {
  await registry.checkReady();
  return Response.json({});
}

/** That the server is up; load balancers request "/". */
export function getSignOfLife(): Response {
  return new Response("This is a container registry. Its API is at /v2/, for docker and its kind.\n", {
    headers: { "Content-Type": "text/plain; charset=utf-8" },
  });
}

/** That the process answers, whatever else is wrong: nothing that a restart would not mend makes this fail. */
export function getLive(): Response {
  return new Response("ok\n", { headers: { "Content-Type": "text/plain; charset=utf-8" } });
}

/** Whether requests should come here: not while a check fails, nor before a stop. */
export function getReady({ isReady }: Pick<Exchange, "isReady">): Response {
  if (!isReady) throw new RegistryError("UNAVAILABLE", { message: "not ready" });
  return getLive();
}

/** The certificate that clients need to trust this server; public. */
export function getCaCertificate({ caCertificate }: Exchange): Response {
  if (caCertificate === undefined) {
    throw new RegistryError("NOT_FOUND", { message: "this registry did not make its certificate itself" });
  }
  return new Response(caCertificate, {
    headers: { "Content-Type": "application/x-pem-file", "Content-Disposition": 'attachment; filename="ca.crt"' },
  });
}

/** Redirects with the status that distribution's router uses for every method. */
export function redirectTo(location: string): Response {
  return new Response(null, { status: 301, headers: { Location: location } });
}

/** The methods of the path. */
export function getOptions(allow: string): Response {
  return new Response(null, { status: 204, headers: { Allow: allow } });
}
