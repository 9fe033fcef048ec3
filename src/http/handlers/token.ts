// The token server's two endpoints: GET with Basic credentials, and the form of OAuth 2.
import { parseBasic } from "../../auth/credentials.ts";
import { parseTokenForm, parseTokenQuery } from "../../auth/token-request.ts";
import type { TokenAnswer } from "../../auth/token-server.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { Exchange } from "../exchange.ts";
import type { RouteOf } from "../route.ts";

/** Room for the longest token and all scopes. */
const maxFormBytes = 64 * 1024;

/** Issues a token for the credentials of the header, or for an anonymous caller. */
export async function getToken(exchange: Exchange, route: RouteOf<"getToken">): Promise<Response> {
  const answerRequest = requireServer(exchange);
  const authorization = exchange.request.headers.get("authorization");
  const credentials = authorization === null ? undefined : parseBasic(authorization);
  if (authorization !== null && credentials === undefined) {
    throw new RegistryError("UNAUTHORIZED", { message: "the token server takes Basic credentials" });
  }
  const answer = await answerRequest(parseTokenQuery(route.query, credentials));
  return formatAnswer(answer, { token: answer.token });
}

/** Issues a token for the credentials, or the refresh token, in a form. */
export async function postToken(exchange: Exchange): Promise<Response> {
  const answerRequest = requireServer(exchange);
  const { wholeBodies, limits } = exchange.limiter;
  using body = await wholeBodies.read(exchange.request, { maxBytes: maxFormBytes, stallMs: limits.stallMs });
  const form = new URLSearchParams(new TextDecoder().decode(body.bytes));
  return formatAnswer(await answerRequest(parseTokenForm(form)), {});
}

function requireServer({ answerTokenRequest }: Exchange): NonNullable<Exchange["answerTokenRequest"]> {
  if (answerTokenRequest === undefined) throw new RegistryError("NOT_FOUND");
  return answerTokenRequest;
}

/** GET names the token twice, since clients differ in which name they read. */
function formatAnswer(answer: TokenAnswer, token: { readonly token?: string }): Response {
  const fields = {
    ...token,
    access_token: answer.token,
    token_type: "Bearer",
    expires_in: answer.lifetimeSeconds,
    issued_at: new Date(answer.issuedMs).toISOString(),
    scope: answer.scope,
    refresh_token: answer.refreshToken,
  };
  return Response.json(fields, { headers: { "Cache-Control": "no-store" } });
}
