// Opens the configured caches.

import { readFileSync } from "node:fs";
import type { TransportOptions } from "../../client/transport.ts";
import type { ConfiguredUpstream, ProxyConfiguration } from "../../config/proxy-section.ts";
import { nodeDns } from "../../lib/late-modules.ts";
import { compileNameGlob } from "../../lib/name-glob.ts";
import { explainReadError } from "../../lib/system-error.ts";
import type { Report } from "../../proxy/events.ts";
import { openPullThrough, type PullThrough } from "../../proxy/pull-through.ts";
import type { Routes } from "../../proxy/routing.ts";
import { usualTurnTimes } from "../../proxy/turn-times.ts";
import type { UpstreamTimes } from "../../proxy/upstream.ts";
import { Upstream } from "../../proxy/upstream.ts";
import type { BlobSizes } from "../../registry/blob-sizes.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Store } from "../../registry/store.ts";
import { isCertificate } from "../registries/certificate-directories.ts";
import { StartError } from "../start-error.ts";
import { openCredentials, programsIn } from "./credentials.ts";
import { evictionTimes } from "./eviction-schedule.ts";
import { usesProxy } from "./outward-proxy.ts";

/** What the caches need from the process. */
export interface CacheDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly store: Store;
  readonly local: Registry;
  readonly sizes: BlobSizes;
  readonly report: Report;
  readonly trace?: TransportOptions["trace"];
}

const times: UpstreamTimes = {
  answerMs: 30_000,
  recheckMs: 5000,
  stallMs: 30_000,
  pauseMs: 500,
  // GPRS, the slowest network in use, delivers several times this; Apache httpd requires half of it.
  leastRate: { bytesPerSecond: 1024, windowMs: 60_000 },
  firstMs: 1000,
  longestMs: 30_000,
};
/** Another process aborts a stalled upstream by itself and retries a few times. */
const patienceMs = 5 * times.stallMs;

/** An upstream and the lifetime of its content. */
export interface OpenedUpstream {
  readonly upstream: Upstream;
  readonly ttlMs: number;
}

/** The registry with its caches. No upstream is asked for content until a client asks. */
export interface OpenedCaches {
  readonly registry: PullThrough;
  readonly routes: Routes<Upstream>;
  readonly upstreams: readonly OpenedUpstream[];
}

/** Puts the configured caches in front of the local registry. */
export function openCaches(proxy: ProxyConfiguration, dependencies: CacheDependencies): OpenedCaches {
  const { local, store, sizes, report } = dependencies;
  const main = proxy.main === undefined ? undefined : openUpstream(proxy.main, dependencies);
  const others = proxy.others.map((each) => openUpstream(each, dependencies));
  const upstreams = [...(main === undefined ? [] : [main]), ...others];
  const routes = {
    main: main?.upstream,
    others: others.map(({ upstream }) => upstream),
    local: proxy.local.map(compileNameGlob),
  };
  const registry = openPullThrough(local, store, {
    routes,
    freshMs: proxy.fresh,
    abandonMs: proxy.cachewritetimeout,
    patienceMs,
    turnTimes: usualTurnTimes,
    maxBytes: proxy.maxsize ?? Number.POSITIVE_INFINITY,
    // Uses are noted well before content expires.
    useStepMs: evictionTimes(upstreams.map(({ ttlMs }) => ttlMs)).graceMs,
    sizes,
    report,
  });
  return { registry, routes, upstreams };
}

function openUpstream(
  configuration: ConfiguredUpstream,
  { env, store, report, trace }: CacheDependencies,
): OpenedUpstream {
  const { now } = store;
  const upstream = new Upstream({
    host: configuration.host,
    url: new URL(configuration.remoteurl),
    ca: configuration.ca === undefined ? undefined : readAuthority(configuration.ca),
    realms: configuration.realms,
    credentials: openCredentials(configuration, { run: programsIn(env), now }),
    resolve: async (hostname) => (await nodeDns().lookup(hostname, { all: true })).map(({ address }) => address),
    isProxied: ({ protocol }) => usesProxy(env, protocol),
    times,
    now,
    report,
    trace,
  });
  return { upstream, ttlMs: configuration.ttl };
}

/** Checked at the start: later it would look as if the upstream's certificate were wrong. */
function readAuthority(path: string): string {
  const refuse = (problem: string) => new StartError(`${path} (certificates of an upstream): ${problem}`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw refuse(explainReadError(error));
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  if (certificates.length === 0) throw refuse("it holds no certificate in PEM");
  if (!certificates.every(isCertificate)) throw refuse("a certificate in it cannot be read");
  return text;
}
