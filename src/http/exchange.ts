// One request on its way through the server, and the links in its answers.

import type { Identity } from "../auth/identity.ts";
import type { Action } from "../auth/policy.ts";
import type { TokenRequest } from "../auth/token-request.ts";
import type { TokenAnswer } from "../auth/token-server.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { CollectorSchedule } from "../registry/reading/collector-schedule.ts";
import type { Reading } from "../registry/reading/reading.ts";
import type { Registry } from "../registry/registry.ts";
import type { Repository } from "../registry/repository.ts";
import type { ServerDescription } from "./api/server-description.ts";
import type { LoginWay } from "./door.ts";
import type { Limiter } from "./limits.ts";
import type { PageFiles } from "./page-files.ts";

/** What handlers work with. */
export interface Exchange {
  readonly request: Request;
  readonly registry: Pick<Registry, "list" | "checkReady">;
  /** The repository of that name, as the caller uses it. */
  readonly repository: (name: RepositoryName) => Repository;
  /** Whether the caller may mount from the repository, or from whichever has the blob. */
  readonly mayMountFrom: (name: RepositoryName | undefined) => boolean;
  /** Whether listings show the repository to the caller; undefined: all of them. */
  readonly maySee: ((name: RepositoryName) => boolean) | undefined;
  /** The prefix of links: a path, or scheme, host and path; always ends in "/". */
  readonly base: string;
  /** The prefix of every path: "/" or "/some/where/". */
  readonly prefix: string;
  readonly pages: PageLimits;
  readonly limiter: Limiter;
  /** By which the caller's upload sessions are counted. */
  readonly sessionOwner: string;
  /** The CA certificate behind the server's own certificate, if we made it. */
  readonly caCertificate: string | undefined;
  /** The files of the web page; undefined if the sources run as they are. */
  readonly page: PageFiles | undefined;
  /** The path of our own token server, or the URL of another one; undefined if there are no tokens. */
  readonly tokenServer: string | undefined;
  /** What the read API answers from. */
  readonly api: ReadApi;
  readonly rights: CallerRights;
  readonly switches: Switches;
  /** Scheme, host and prefix under which the caller reached us. */
  readonly origin: string;
  /** Whether new requests should come here. */
  readonly isReady: boolean;
  /** Our own token server; undefined if tokens come from elsewhere, or there are none. */
  readonly answerTokenRequest: ((request: TokenRequest) => Promise<TokenAnswer>) | undefined;
}

/** What the read API answers from. */
export interface ReadApi {
  readonly reading: Reading;
  readonly schedule: CollectorSchedule;
  /** What is said of the server itself; read for each request. */
  readonly describe: () => ServerDescription;
  /** Whether the repository is filled from another registry, so that it takes no pushes and deletions. */
  readonly isCached: (name: RepositoryName) => boolean;
}

/** Who asks, and what they may do. */
export interface CallerRights {
  readonly identity: Identity;
  /** Undefined without access control. */
  readonly login: LoginWay | undefined;
  /** Whether they may know of all repositories, and of what those share. */
  readonly seesEverything: boolean;
  /** What they may do, whatever their token was asked for. */
  readonly actionsOn: (name: RepositoryName) => readonly Action[];
}

/** What the server was configured to allow. */
export interface Switches {
  readonly isDeleteEnabled: boolean;
  readonly isReadOnly: boolean;
}

/** The most items on a page of a listing. */
export interface PageLimits {
  readonly maxCatalogItems: number;
  readonly maxTagItems: number;
}

/** A link to something of a repository. */
export function formatLocation({ base }: Exchange, name: RepositoryName, rest: string): string {
  return `${base}v2/${name}/${rest}`;
}

/** The declared length of the body, or undefined for a chunked one; refuses a malformed length. */
export function contentLength(request: Request): number | undefined {
  const text = request.headers.get("content-length");
  if (text === null) return undefined;
  // Bun passes two equal Content-Length headers on as "3, 3".
  if (!/^\d+$/.test(text)) throw new RegistryError("REQUEST_INVALID", { message: "Content-Length is repeated" });
  return Number(text);
}
