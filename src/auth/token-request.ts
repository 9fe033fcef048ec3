// A request to the token server, in both forms: GET with a query and Basic credentials, and the form of OAuth 2.
import { RegistryError } from "../oci/errors.ts";
import type { ResourceActions } from "./access-claim.ts";
import type { Credentials } from "./credentials.ts";

/** What is asked of the token server. */
export interface TokenRequest {
  readonly service: string | undefined;
  readonly scopes: readonly ResourceActions[];
  /** An anonymous caller has no credentials. */
  readonly by: { readonly credentials: Credentials | undefined } | { readonly refreshToken: string };
  /** Whether a refresh token is wanted. */
  readonly isOffline: boolean;
}

/** More than any client asks for; a push that mounts asks for two. */
const maxScopes = 100;

/** Reads the query of a GET. */
export function parseTokenQuery(query: URLSearchParams, credentials: Credentials | undefined): TokenRequest {
  return { ...parseScopes(query), by: { credentials }, isOffline: query.get("offline_token") === "true" };
}

/** Reads the form of a POST. */
export function parseTokenForm(form: URLSearchParams): TokenRequest {
  return { ...parseScopes(form), by: parseGrant(form), isOffline: form.get("access_type") === "offline" };
}

function parseGrant(form: URLSearchParams): TokenRequest["by"] {
  const grantType = one(form, "grant_type");
  if (grantType === "refresh_token") return { refreshToken: required(form, "refresh_token") };
  if (grantType !== "password") throw invalid("grant_type is password or refresh_token");
  return { credentials: { username: required(form, "username"), password: required(form, "password") } };
}

/** Clients repeat the parameter, or separate scopes by spaces. */
function parseScopes(fields: URLSearchParams): Pick<TokenRequest, "service" | "scopes"> {
  const texts = fields.getAll("scope").flatMap((text) => text.split(" ").filter((scope) => scope !== ""));
  if (texts.length > maxScopes) throw invalid(`more than ${maxScopes} scopes`);
  return { service: one(fields, "service"), scopes: texts.map(parseScope) };
}

/** `repository:team/app:pull,push`; the type may carry a class, as in `repository(plugin)`. */
function parseScope(text: string): ResourceActions {
  const [first, last] = [text.indexOf(":"), text.lastIndexOf(":")];
  const [, type] = /^([a-z0-9]+)(?:\([a-z0-9]+\))?$/.exec(text.slice(0, Math.max(first, 0))) ?? [];
  const name = text.slice(first + 1, last);
  const actions = text.slice(last + 1);
  if (type === undefined || name === "" || !/^[a-z*,]*$/.test(actions)) throw invalid("a scope is malformed");
  return { type, name, actions: [...new Set(actions.split(",").filter((action) => action !== ""))] };
}

function one(fields: URLSearchParams, key: string): string | undefined {
  const values = fields.getAll(key);
  if (values.length > 1) throw invalid(`${key} is given more than once`);
  return values[0] === "" ? undefined : values[0];
}

function required(form: URLSearchParams, key: string): string {
  const value = one(form, key);
  if (value === undefined) throw invalid(`${key} is missing`);
  return value;
}

function invalid(problem: string): RegistryError {
  return new RegistryError("REQUEST_INVALID", { message: `the token request is malformed: ${problem}` });
}
