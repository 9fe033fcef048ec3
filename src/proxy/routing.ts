// Which upstream a repository is cached from. Pure.
//
//   ns=ghcr.io  owner/app        ->  ghcr.io/owner/app      containerd names the registry that it wants
//   ns=docker.io  library/app    ->  library/app            if remoteurl is Docker Hub
//   ghcr.io/owner/app            ->  ghcr.io: owner/app     the first component is an entry of proxy.upstreams
//   team/app                     ->  local                  if proxy.local says so, or there is no remoteurl
//   library/app                  ->  remoteurl: library/app as registry:2 stores it
import type { NameGlob } from "../lib/name-glob.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/name.ts";

/** What routing needs to know about an upstream. */
export interface RoutedUpstream {
  /** Its name for people and for containerd's `ns`: the host, with the port if there is one. */
  readonly host: string;
}

/** The upstreams, and the names that lead to them. */
export interface Routes<U extends RoutedUpstream> {
  /** For every name that no other rule covers; undefined if those are local. */
  readonly main: U | undefined;
  /** For names that begin with the host. */
  readonly others: readonly U[];
  /** Names that stay local in spite of `main`. */
  readonly local: readonly NameGlob[];
}

/** Where a repository comes from, and what it is called there. */
export interface UpstreamRepository<U extends RoutedUpstream> {
  readonly upstream: U;
  readonly remoteName: RepositoryName;
}

const dockerHubHosts = ["registry-1.docker.io", "index.docker.io", "docker.io", "registry.hub.docker.com"];

/** Whether the host is Docker Hub's. */
export function isDockerHub(host: string): boolean {
  return dockerHubHosts.includes(host);
}

/** The host as the first component of a repository name, which has no colon. */
export function hostComponent(host: string): string {
  return host.toLowerCase().replace(":", "-");
}

/** The upstream of a repository; undefined for a local one. */
export function findUpstream<U extends RoutedUpstream>(
  routes: Routes<U>,
  name: RepositoryName,
): UpstreamRepository<U> | undefined {
  const slash = name.indexOf("/");
  const other = routes.others.find(({ host }) => hostComponent(host) === name.slice(0, Math.max(slash, 0)));
  const rest = parseRepositoryName(name.slice(slash + 1));
  if (other !== undefined && rest !== undefined) return { upstream: other, remoteName: remoteName(other, rest) };
  if (routes.main === undefined || routes.local.some((glob) => glob.match(name))) return undefined;
  return { upstream: routes.main, remoteName: remoteName(routes.main, name) };
}

/** Docker Hub's own images lie below library/, which people leave out. */
function remoteName({ host }: RoutedUpstream, name: RepositoryName): RepositoryName {
  const official = isDockerHub(host) && !name.includes("/") ? parseRepositoryName(`library/${name}`) : undefined;
  return official ?? name;
}

/** Our name for what the registry `ns` calls `name`; undefined if that registry is not cached. */
export function findNamespaced<U extends RoutedUpstream>(
  routes: Routes<U>,
  { ns, name }: { readonly ns: string; readonly name: RepositoryName },
): RepositoryName | undefined {
  const { main } = routes;
  const isMain = main !== undefined && (main.host === ns || (isDockerHub(ns) && isDockerHub(main.host)));
  const other = routes.others.find(({ host }) => host === ns || (isDockerHub(ns) && isDockerHub(host)));
  if (other !== undefined) return parseRepositoryName(`${hostComponent(other.host)}/${name}`);
  if (!isMain) return undefined;
  // A name that leads to another upstream here would be taken for that one.
  const found = findUpstream(routes, name);
  return found === undefined || found.upstream === main ? name : undefined;
}
