// Files with credentials, as docker, podman and their kin write them. Pure.
//
//   { "auths": { "ghcr.io": { "auth": "base64(user:password)", "identitytoken": "…" }, "quay.io/team": { … },
//                "https://index.docker.io/v1/": { … } },
//     "credHelpers": { "gcr.io": "gcloud" }, "credsStore": "desktop" }
import { parseJsonObject } from "../lib/json-object.ts";
import { isRecord } from "../oci/descriptor.ts";
import type { UpstreamCredentials } from "./upstream-token.ts";

/** What such a file says. */
export interface AuthFile {
  /** By host, or host and the beginning of a repository's name. */
  readonly auths: ReadonlyMap<string, UpstreamCredentials>;
  /** Helpers by host: `docker-credential-<name>`. */
  readonly helpers: ReadonlyMap<string, string>;
  /** The helper for every other host. */
  readonly store: string | undefined;
}

/** Whose credentials are wanted. */
export interface CredentialQuestion {
  /** "docker.io" for Docker Hub. */
  readonly host: string;
  readonly repository: string | undefined;
}

const dockerHub = "docker.io";
const dockerHubKeys: readonly string[] = ["index.docker.io", "registry-1.docker.io"];

/** Parses the text of a file; undefined if it is no JSON object. */
export function parseAuthFile(text: string): AuthFile | undefined {
  const value = parseJsonObject(text);
  if (value === undefined) return undefined;
  const entries = (field: unknown) => (isRecord(field) ? Object.entries(field) : []);
  return {
    auths: new Map(
      entries(value.auths).flatMap(([key, entry]) => {
        const credentials = readEntry(entry);
        return credentials === undefined ? [] : [[normalizeKey(key), credentials] as const];
      }),
    ),
    helpers: new Map(
      entries(value.credHelpers).flatMap(([key, name]) =>
        isHelperName(name) ? [[normalizeKey(key), name] as const] : [],
      ),
    ),
    store: isHelperName(value.credsStore) ? value.credsStore : undefined,
  };
}

/** The entry for a repository, or else for what is around it, up to the whole host. */
export function findCredentials(
  { auths }: AuthFile,
  { host, repository }: CredentialQuestion,
): UpstreamCredentials | undefined {
  const parts = repository === undefined ? [] : repository.split("/");
  for (let length = parts.length; length >= 0; length -= 1) {
    const found = auths.get([host, ...parts.slice(0, length)].join("/"));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name of the helper program that knows a host; undefined if there is none. */
export function findHelper({ helpers, store }: AuthFile, host: string): string | undefined {
  return helpers.get(host) ?? store;
}

/** What a helper is asked for: docker names its own registry by an old address. */
export function helperQuestion(host: string): string {
  return host === dockerHub ? "https://index.docker.io/v1/" : host;
}

/** What a helper printed; undefined if that is no answer. */
export function parseHelperAnswer(text: string): UpstreamCredentials | undefined {
  const answer = parseJsonObject(text);
  if (answer === undefined) return undefined;
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== "string" || typeof secret !== "string") return undefined;
  return username === identityUser ? { username, password: "", identityToken: secret } : { username, password: secret };
}

/** The user whose secret is an identity token. */
const identityUser = "<token>";

/** It becomes part of a program's name. */
function isHelperName(value: unknown): value is string {
  return typeof value === "string" && /^[\w.-]{1,100}$/.test(value);
}

/** Old versions wrote URLs: "https://index.docker.io/v1/", "https://nas:5000/v2/". */
function normalizeKey(key: string): string {
  const isUrl = /^https?:\/\//i.test(key);
  const bare = key.replace(/^https?:\/\//i, "");
  const [host = "", ...path] = bare.split("/");
  const name = dockerHubKeys.includes(host.toLowerCase()) ? dockerHub : host.toLowerCase();
  const isPath = !isUrl && path.join("") !== "" && !/^v[12]$/.test(path.join(""));
  return isPath ? [name, ...path.filter((part) => part !== "")].join("/") : name;
}

function readEntry(value: unknown): UpstreamCredentials | undefined {
  if (!isRecord(value)) return undefined;
  const { auth, identitytoken, username, password } = value;
  const decoded = typeof auth === "string" ? Buffer.from(auth, "base64").toString() : "";
  const colon = decoded.indexOf(":");
  // Some writers pad with zeros.
  const [name, secret] =
    colon > 0 ? [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/\0+$/, "")] : [username, password];
  if (typeof identitytoken === "string" && identitytoken !== "") {
    return { username: typeof name === "string" ? name : identityUser, password: "", identityToken: identitytoken };
  }
  if (typeof name !== "string" || name === "" || typeof secret !== "string" || secret === "") return undefined;
  return name === identityUser
    ? { username: name, password: "", identityToken: secret }
    : { username: name, password: secret };
}
