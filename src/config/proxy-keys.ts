// The keys of the section `proxy`: registries that this one caches.

import * as z from "zod";
import { parseDuration } from "../lib/duration.ts";
import { formatSize, parseSize } from "../lib/size.ts";
import { trimTrailingSlashes } from "../lib/trailing-slashes.ts";
import { key } from "./key.ts";
import { duration, longDuration, text, type ValueType } from "./value-type.ts";

const urlProblem =
  "must be the URL of a registry, with http or https and without user, query and fragment, such as https://ghcr.io";

/** The address of a registry. A bare host means https; Docker Hub's API has another host than its name. */
const registryUrl = z.string({ error: "must be text" }).transform((written, check) => {
  const url = parseRegistryUrl(written);
  if (url !== undefined) return url;
  check.addIssue({ code: "custom", message: urlProblem });
  return z.NEVER;
});

/** The URL that is meant, without a slash at its end; undefined where there is none. */
export function parseRegistryUrl(written: string): string | undefined {
  const text = /^[a-z]+:\/\//i.test(written) ? written : `https://${written}`;
  if (!/^https?:\/\/[^\s\\?#@]+$/i.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null || url.hostname === "") return undefined;
  if (["docker.io", "index.docker.io", "hub.docker.com"].includes(url.hostname)) url.hostname = "registry-1.docker.io";
  return trimTrailingSlashes(url.href);
}

const size: ValueType<number | undefined> = {
  holds: "scalar",
  scalars: "text",
  format: (sizeBytes) => formatSize(Number(sizeBytes)),
  schema: z.string({ error: "must be a size such as 100GB" }).transform((written, check) => {
    const sizeBytes = parseSize(written);
    if (sizeBytes !== undefined && sizeBytes > 0) return sizeBytes;
    check.addIssue({ code: "custom", message: "must be a size above 0, such as 100GB or 500MiB" });
    return z.NEVER;
  }),
};

const texts: ValueType<readonly string[]> = {
  holds: "list",
  scalars: "text",
  schema: z.array(z.string({ error: "must be text" }).min(1), { error: "must be a list" }),
};

const globs: ValueType<readonly string[]> = {
  holds: "list",
  scalars: "text",
  schema: z.array(
    z.string({ error: "must be text" }).regex(/^[a-z0-9._/*-]+$/, {
      error: "must be a repository name, in which * stands for a part of a component and ** for any components",
    }),
    { error: 'must be a list, such as ["team/**"]' },
  ),
};

/** An entry of proxy.upstreams, as it is written. */
export interface WrittenUpstream {
  readonly host: string;
  readonly remoteurl?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly ttl?: number | undefined;
  readonly ca?: string | undefined;
  readonly realms?: readonly string[] | undefined;
}

const optionalText = z.string({ error: "must be text" }).optional();
const ttlProblem = "must be a duration such as 168h; 0s: for ever";

const upstreams: ValueType<readonly WrittenUpstream[]> = {
  holds: "list",
  scalars: "text",
  schema: z.array(
    z.strictObject(
      {
        host: z.string({ error: "must be the registry's name, such as ghcr.io" }).regex(/^[a-z0-9.-]+(?::\d{1,5})?$/, {
          error: "must be a host name in lower case, with a port where it has one, such as ghcr.io",
        }),
        remoteurl: registryUrl.optional(),
        username: optionalText,
        password: optionalText,
        ttl: z
          .string({ error: ttlProblem })
          .transform((written, check) => {
            const durationMs = parseDuration(written);
            if (durationMs !== undefined && durationMs >= 0) return durationMs;
            check.addIssue({ code: "custom", message: ttlProblem });
            return z.NEVER;
          })
          .optional(),
        ca: optionalText,
        realms: z.array(z.string({ error: "must be text" }), { error: "must be a list" }).optional(),
      },
      { error: "must have the key host, and may have remoteurl, username, password, ttl, ca and realms" },
    ),
    { error: "must be a list of {host: ghcr.io}" },
  ),
};

const weekMs = 168 * 3_600_000;

/** The keys, by name. */
export const proxyKeys = {
  remoteUrl: key<string | undefined>("proxy.remoteurl", {
    type: { holds: "scalar", scalars: "text", schema: registryUrl },
    default: undefined,
    help: "A registry that every repository is cached from unless proxy.local names it.",
  }),
  proxyUsername: key("proxy.username", {
    type: text,
    default: undefined,
    help: "The user at the registry of proxy.remoteurl.",
  }),
  proxyPassword: key("proxy.password", {
    type: text,
    default: undefined,
    help: "The password or access token of proxy.username.",
  }),
  execCommand: key("proxy.exec.command", {
    type: text,
    default: undefined,
    help: "A docker credential helper that prints user and password, instead of the two keys.",
  }),
  execLifetime: key<number | undefined>("proxy.exec.lifetime", {
    type: longDuration,
    default: undefined,
    help: "How long the helper's answer is used; 0s: it runs each time; unset: it runs once.",
  }),
  proxyTtl: key("proxy.ttl", {
    type: longDuration,
    default: weekMs,
    help: "How long cached content stays after its last use; 0s: for ever.",
  }),
  cacheWriteTimeout: key("proxy.cachewritetimeout", {
    type: duration,
    default: 300_000,
    help: "How long a blob goes on being fetched after the last client that wanted it has left.",
  }),
  proxyCa: key("proxy.ca", {
    type: text,
    default: undefined,
    help: "A file with certificates in PEM that are trusted for proxy.remoteurl.",
  }),
  proxyRealms: key("proxy.realms", {
    type: texts,
    default: [],
    help: "Hosts of token servers outside the registry's own domain that may see its credentials.",
  }),
  proxyLocal: key("proxy.local", {
    type: globs,
    default: [],
    help: "Repositories that stay local although proxy.remoteurl is set; * and ** stand for anything.",
  }),
  proxyFresh: key("proxy.fresh", {
    type: duration,
    default: 60_000,
    help: "How long the answer for a tag is believed before the registry is asked again.",
  }),
  proxyMaxSize: key("proxy.maxsize", {
    type: size,
    default: undefined,
    help: "How much may be cached, such as 100GB; what was least recently used goes first.",
  }),
  upstreams: key("proxy.upstreams", {
    type: upstreams,
    default: [],
    help: "More registries to cache, as a list of {host: ghcr.io}, reached by names that begin with the host.",
  }),
};
