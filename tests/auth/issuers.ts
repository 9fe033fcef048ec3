// Issuers of tokens that are not ours: the token server of another project, and a CI system's issuer of OpenID Connect.
import { ecKey, formatJwks, signToken, type TestKey } from "./signed-token.ts";

/** A server of tokens that answers on the loopback interface. */
export interface Issuer extends Disposable {
  readonly url: string;
  readonly jwks: string;
  readonly key: TestKey;
}

/** Answers each path with a JSON value; anything else with 404. */
function serveJson(answer: (url: URL, request: Request) => Promise<object | undefined> | object | undefined) {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const value = await answer(new URL(request.url), request);
      return value === undefined ? new Response(null, { status: 404 }) : Response.json(value);
    },
  });
}

/** A CI system: its jobs' tokens name it as their issuer, and its keys are found from there. */
export function startOidcIssuer(): Issuer & {
  issue(claims: Readonly<Record<string, unknown>>): Promise<string>;
} {
  const key = ecKey("ci");
  const jwks = formatJwks([key]);
  const server = serveJson(({ pathname, origin }) => {
    if (pathname === "/.well-known/openid-configuration") return { issuer: origin, jwks_uri: `${origin}/keys` };
    return pathname === "/keys" ? (JSON.parse(jwks) as object) : undefined;
  });
  const url = `http://127.0.0.1:${server.port}`;
  const exp = Math.floor(Date.now() / 1000) + 600;
  return {
    url,
    jwks,
    key,
    issue: (claims) => signToken({ iss: url, exp, ...claims }, { key }),
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** A token server of distribution's kind at /token, which grants everybody what is asked, but no deletion. */
export function startTokenIssuer({ service }: { readonly service: string }): Issuer {
  const key = ecKey("issuer");
  const server = serveJson(async ({ pathname, searchParams }, request) => {
    if (pathname !== "/token") return undefined;
    const [, encoded = ""] = (request.headers.get("authorization") ?? "").split(" ");
    const [name = ""] = Buffer.from(encoded, "base64").toString().split(":");
    const access = searchParams.getAll("scope").flatMap((text) => text.split(" ").map(grant));
    const exp = Math.floor(Date.now() / 1000) + 300;
    const token = await signToken({ iss: "issuer.test", aud: service, sub: name, exp, access }, { key });
    return { token, expires_in: 300 };
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    jwks: formatJwks([key]),
    key,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

function grant(scope: string) {
  const [type = "", name = "", actions = ""] = scope.split(":");
  return { type, name, actions: actions.split(",").filter((action) => action === "pull" || action === "push") };
}
