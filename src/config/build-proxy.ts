// The registries that are cached, from their settings.
import type { ProxyConfiguration, UpstreamConfiguration } from "./configuration.ts";
import { formatOrigin } from "./origin.ts";
import type { WrittenUpstream } from "./proxy-keys.ts";
import { type Settings, settingOrigin, settingValue } from "./resolve.ts";
import { keys } from "./schema.ts";

/** Undefined where nothing is cached. */
export function buildProxy(settings: Settings): ProxyConfiguration | undefined {
  const main = buildMain(settings);
  const others = settingValue(settings, keys.upstreams).map((written) => buildOther(settings, written));
  if (main === undefined && others.length === 0) return undefined;
  return {
    main,
    others,
    local: settingValue(settings, keys.proxyLocal),
    freshMs: settingValue(settings, keys.proxyFresh),
    maxBytes: settingValue(settings, keys.proxyMaxSize),
    cacheWriteTimeoutMs: settingValue(settings, keys.cacheWriteTimeout),
  };
}

function buildMain(settings: Settings): UpstreamConfiguration | undefined {
  const url = settingValue(settings, keys.remoteUrl);
  if (url === undefined) return undefined;
  const command = settingValue(settings, keys.execCommand);
  return {
    host: new URL(url).host,
    url,
    username: settingValue(settings, keys.proxyUsername),
    password: settingValue(settings, keys.proxyPassword),
    exec: command === undefined ? undefined : { command, lifetimeMs: settingValue(settings, keys.execLifetime) },
    ttlMs: settingValue(settings, keys.proxyTtl),
    ca: settingValue(settings, keys.proxyCa),
    realms: settingValue(settings, keys.proxyRealms),
  };
}

function buildOther(settings: Settings, written: WrittenUpstream): UpstreamConfiguration {
  const apiHost = written.host === "docker.io" ? "registry-1.docker.io" : written.host;
  return {
    host: written.host,
    url: written.remoteurl ?? `https://${apiHost}`,
    username: written.username,
    password: written.password,
    exec: undefined,
    ttlMs: written.ttl ?? settingValue(settings, keys.proxyTtl),
    ca: written.ca,
    realms: written.realms ?? [],
  };
}

/** What is wrong about keys that belong together. */
export function proxyProblems(settings: Settings): readonly string[] {
  const at = (key: { readonly path: string }) => `${formatOrigin(settingOrigin(settings, key))}: ${key.path}`;
  const hosts = settingValue(settings, keys.upstreams).map(({ host }) => host);
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  const halves = settingValue(settings, keys.upstreams).filter(
    ({ username, password }) => (username === undefined) !== (password === undefined),
  );
  return [
    ...(twice === undefined ? [] : [`${at(keys.upstreams)}: ${twice} stands there twice`]),
    ...halves.map(({ host }) => `${at(keys.upstreams)}: ${host} has only one of username and password`),
  ];
}

/** What is odd about them. */
export function proxyWarnings(settings: Settings): readonly string[] {
  if (settingValue(settings, keys.remoteUrl) !== undefined) return [];
  const idle = [keys.proxyUsername, keys.proxyPassword, keys.execCommand, keys.proxyCa, keys.proxyLocal].filter(
    (key) => settingOrigin(settings, key).kind !== "default",
  );
  return idle.map((key) => {
    return `${formatOrigin(settingOrigin(settings, key))}: ${key.path}: no effect without proxy.remoteurl`;
  });
}
