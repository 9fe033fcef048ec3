// The section `proxy`: the registries that this one caches.
import * as z from "zod";
import { parseDuration } from "../lib/duration.ts";
import { trimTrailingSlashes } from "../lib/trailing-slashes.ts";
import { section } from "./about.ts";
import { duration, globs, longDuration, parsed, size, text, texts } from "./values.ts";

/** The URL that is meant, without a slash at its end. A bare host means https; Docker Hub's API has a host of its own. */
export function parseRegistryUrl(written: string): string | undefined {
  const withScheme = /^[a-z]+:\/\//i.test(written) ? written : `https://${written}`;
  if (!/^https?:\/\/[^\s\\?#@]+$/i.test(withScheme)) return undefined;
  const url = URL.parse(withScheme);
  if (url === null || url.hostname === "") return undefined;
  if (["docker.io", "index.docker.io", "hub.docker.com"].includes(url.hostname)) url.hostname = "registry-1.docker.io";
  return trimTrailingSlashes(url.href);
}

const registryUrl = parsed(
  parseRegistryUrl,
  "must be the URL of a registry, with http or https and without user, query and fragment, such as https://ghcr.io",
);

const upstreamKeys = "must have the key host, and may have remoteurl, username, password, ttl, ca and realms";
const hostProblem = "must be a host name in lower case, with a port where it has one, such as ghcr.io";

const upstream = z
  .object(
    {
      host: z
        .string({ error: "must be the registry's name, such as ghcr.io" })
        .regex(/^[a-z0-9.-]+(?::\d{1,5})?$/, { error: hostProblem }),
      remoteurl: registryUrl.optional(),
      username: text.optional(),
      password: text.optional().meta({ isSecret: true }),
      ttl: parsed((written) => {
        const durationMs = parseDuration(written);
        return durationMs !== undefined && durationMs >= 0 ? durationMs : undefined;
      }, "must be a duration such as 168h; 0s: for ever").optional(),
      ca: text.optional(),
      realms: texts.prefault([]),
    },
    { error: upstreamKeys },
  )
  .meta({ closed: upstreamKeys });

const upstreams = z.array(upstream).check(({ value, issues }) => {
  const refuse = (message: string) => issues.push({ code: "custom", message, input: undefined });
  const hosts = value.map(({ host }) => host);
  const repeated = hosts.find((host, index) => hosts.indexOf(host) !== index);
  if (repeated !== undefined) refuse(`${repeated} is listed twice`);
  for (const { host, username, password } of value) {
    const isHalf = (username === undefined) !== (password === undefined);
    if (isHalf) refuse(`${host} has only one of username and password`);
  }
});

const keys = z.object({
  remoteurl: registryUrl.optional().meta({
    description: "A registry from which every repository is cached that proxy.local does not name.",
    flag: "url",
  }),
  username: text.optional().meta({ description: "The user at the registry of proxy.remoteurl.", flag: "username" }),
  password: text.optional().meta({
    description: "The password or access token of proxy.username.",
    flag: "password-file",
    isSecret: true,
  }),
  exec: section({
    command: text
      .optional()
      .describe("A docker credential helper that prints user and password, instead of the two keys."),
    lifetime: longDuration
      .optional()
      .describe("How long the helper's answer is used; 0s: it runs each time; unset: it runs once."),
  }),
  ttl: longDuration.prefault("168h").meta({
    description: "How long cached content stays after its last use; 0s: for ever.",
    flag: "ttl",
  }),
  cachewritetimeout: duration
    .prefault("5m")
    .describe("How long a blob is still fetched after the last client that wanted it has left."),
  ca: text.optional().describe("A file with certificates in PEM that are trusted for proxy.remoteurl."),
  realms: texts
    .prefault([])
    .describe("Hosts of token servers outside the registry's own domain that may see its credentials."),
  local: globs
    .prefault([])
    .describe("Repositories that stay local although proxy.remoteurl is set; * and ** stand for anything."),
  fresh: duration
    .prefault("1m")
    .describe("How long the answer for a tag is believed before the registry is asked again."),
  maxsize: size.optional().meta({
    description: "How much may be cached, such as 100GB; what was least recently used is evicted first.",
    flag: "max-size",
  }),
  upstreams: upstreams
    .prefault([])
    .describe("More registries to cache, as a list of {host: ghcr.io}, reached by names that begin with the host."),
});

/** What is cached; undefined if nothing is. */
export const proxy = keys
  .prefault({})
  .transform(({ remoteurl, username, password, exec, ca, realms, upstreams, ...rest }) => {
    const { command, lifetime } = exec;
    const helper = command === undefined ? undefined : { command, lifetime };
    const main: ConfiguredUpstream | undefined =
      remoteurl === undefined
        ? undefined
        : { host: new URL(remoteurl).host, remoteurl, username, password, exec: helper, ttl: rest.ttl, ca, realms };
    const others = upstreams.map(
      (other): ConfiguredUpstream => ({
        ...other,
        remoteurl: other.remoteurl ?? `https://${other.host === "docker.io" ? "registry-1.docker.io" : other.host}`,
        exec: undefined,
        ttl: other.ttl ?? rest.ttl,
      }),
    );
    return main === undefined && others.length === 0 ? undefined : { ...rest, main, others };
  });

/** A registry from which repositories are cached. */
export type ConfiguredUpstream = Omit<z.output<typeof upstream>, "remoteurl" | "ttl"> & {
  readonly remoteurl: string;
  /** A credential helper, instead of a user and password. */
  readonly exec: { readonly command: string; readonly lifetime: number | undefined } | undefined;
  /** How long what is not used stays; 0: for ever. */
  readonly ttl: number;
};

/** The section, if something is cached. */
export type ProxyConfiguration = NonNullable<z.output<typeof proxy>>;
