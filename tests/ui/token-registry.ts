// A registry of a few lines behind a token server, as the page's client sees it: what it was asked, and what it answers.
import { PageClient } from "../../src/ui/page-client.ts";

/** What differs. */
export interface TokenRegistryOptions {
  readonly scheme?: "basic" | "bearer" | "none";
  readonly allowsAnonymous?: boolean;
  readonly givesRefreshTokens?: boolean;
}

/** The client, and what went over the line. */
export interface TokenRegistry {
  readonly client: PageClient;
  /** Method, path and Authorization of each request. */
  readonly asked: string[];
  readonly clock: { nowMs: number };
  /** Ends every token, and every login if it is told so. */
  revoke(what: "tokens" | "logins"): void;
  readonly expiries: () => number;
}

const utf8Basic = `Basic ${Buffer.from("alice:sécret").toString("base64")}`;

/** A registry in which alice may do everything, with the password "sécret". */
export function tokenRegistry({
  scheme = "bearer",
  allowsAnonymous = false,
  givesRefreshTokens = true,
}: TokenRegistryOptions = {}): TokenRegistry {
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  let generation = 0;
  let areLoginsValid = true;
  let expiryCount = 0;

  const answerToken = (url: URL, init: RequestInit, authorization: string): Response => {
    const form = init.body instanceof URLSearchParams ? init.body : url.searchParams;
    const isRefreshed = form.get("refresh_token") === "refresh" && areLoginsValid;
    const isLogin = authorization === utf8Basic && areLoginsValid;
    const isAnonymous = authorization === "" && form.get("refresh_token") === null && allowsAnonymous;
    if (!isRefreshed && !isLogin && !isAnonymous) return refuse(401, "UNAUTHORIZED");
    const who = isAnonymous ? "anonymous" : "alice";
    const refresh = givesRefreshTokens && form.get("offline_token") === "true" ? { refresh_token: "refresh" } : {};
    return Response.json({ token: `${who}/${form.get("scope") ?? ""}/${generation}`, expires_in: 60, ...refresh });
  };

  const whoIs = (authorization: string, scope: string): string | undefined => {
    if (authorization === utf8Basic) return areLoginsValid ? "alice" : undefined;
    const [who, granted, made] = authorization.replace("Bearer ", "").split("/");
    return made === String(generation) && (scope === "" || granted === scope) ? who : undefined;
  };

  const fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const url = new URL(path, "http://registry.test");
    const authorization = new Headers(init.headers).get("authorization") ?? "";
    asked.push(`${init.method ?? "GET"} ${url.pathname} ${authorization}`.trimEnd());
    if (url.pathname === "/auth/token") return answerToken(url, init, authorization);
    if (url.pathname === "/-/api/v1/session") {
      const who = whoIs(authorization, "") ?? "anonymous";
      if (scheme === "basic" && authorization !== "" && who !== "alice") return refuse(401, "UNAUTHORIZED");
      const login = scheme === "none" ? null : { scheme, service: "registry" };
      return Response.json({ user: who === "anonymous" ? null : who, login });
    }
    if (url.pathname === "/broken") throw new TypeError("no connection");
    const scope = url.searchParams.get("scope") ?? "";
    const who = whoIs(authorization, scope);
    if (scheme === "none" || (who !== undefined && url.pathname !== "/secret")) return Response.json({ who });
    if (who !== undefined) return refuse(403, "DENIED");
    const challenge = scheme === "basic" ? "Basic" : `Bearer realm="x",service="registry",scope="${scope}"`;
    return refuse(401, "UNAUTHORIZED", { "www-authenticate": challenge });
  };

  return {
    client: new PageClient({
      fetch,
      now: () => clock.nowMs,
      prefix: "/",
      tokenServer: "/auth/token",
      onExpired: () => {
        expiryCount += 1;
      },
    }),
    asked,
    clock,
    revoke: (what) => {
      generation += 1;
      if (what === "logins") areLoginsValid = false;
    },
    expiries: () => expiryCount,
  };
}

function refuse(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ errors: [{ code, message: code.toLowerCase() }] }, { status, headers });
}
