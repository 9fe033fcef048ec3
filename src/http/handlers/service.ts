// Paths that are not about content: the base of the API, a sign of life, the CA certificate, OPTIONS.
import { RegistryError } from "../../oci/errors.ts";
import type { Exchange } from "../exchange.ts";

/** What the API is here, and that the caller may use it now. */
export async function getBase({ registry }: Exchange): Promise<Response> {
  await registry.checkReady();
  return Response.json({});
}

/** That the server is up; load balancers ask for "/", and now and then a person with a browser. */
export function getRoot(): Response {
  return new Response("This is a container registry. Its API is at /v2/, for docker and its kind.\n", {
    headers: { "Content-Type": "text/plain; charset=utf-8" },
  });
}

/** The certificate that clients need to trust this server; for everybody, as it is public. */
export function getCaCertificate({ caCertificate }: Exchange): Response {
  if (caCertificate === undefined) {
    throw new RegistryError("NOT_FOUND", { message: "this registry did not make its certificate itself" });
  }
  return new Response(caCertificate, {
    headers: { "Content-Type": "application/x-pem-file", "Content-Disposition": 'attachment; filename="ca.crt"' },
  });
}

/** That another path was meant; with the status of distribution's router, whatever the method. */
export function redirectTo(location: string): Response {
  return new Response(null, { status: 301, headers: { Location: location } });
}

/** Which methods the path has. */
export function getOptions(allow: string): Response {
  return new Response(null, { status: 204, headers: { Allow: allow } });
}
