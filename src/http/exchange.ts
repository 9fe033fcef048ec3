// One request on its way through the server, and the links that answers carry.

import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Registry } from "../registry/registry.ts";
import type { Repository } from "../registry/repository.ts";
import type { WholeBodies } from "./whole-bodies.ts";

/** What handlers work with. */
export interface Exchange {
  readonly request: Request;
  readonly registry: Pick<Registry, "list" | "checkReady">;
  /** The repository of that name, as the caller uses it. */
  readonly repository: (name: RepositoryName) => Repository;
  /** What stands before the paths of links: nothing, a path, or scheme and host with it; always ends in "/". */
  readonly base: string;
  /** What stands before every path, "/" or "/some/where/". */
  readonly prefix: string;
  readonly pages: PageLimits;
  /** How long a body may rest before it is ended, in milliseconds. */
  readonly stallMs: number;
  readonly wholeBodies: WholeBodies;
  /** The certificate of the authority that issued the server's own certificate, where there is one. */
  readonly caCertificate: string | undefined;
}

/** What the server was configured to allow. */
export interface Switches {
  readonly isDeleteEnabled: boolean;
  readonly isReadOnly: boolean;
}

/** How many items a page of a listing may have. */
export interface PageLimits {
  readonly maxCatalogItems: number;
  readonly maxTagItems: number;
}

/** A link to something of a repository. */
export function formatLocation({ base }: Exchange, name: RepositoryName, rest: string): string {
  return `${base}v2/${name}/${rest}`;
}

/** Length of the announced body, or undefined where it comes in chunks; refuses what is no length. */
export function contentLength(request: Request): number | undefined {
  const text = request.headers.get("content-length");
  if (text === null) return undefined;
  // Bun lets two equal Content-Length headers pass, as "3, 3".
  if (!/^\d+$/.test(text))
    throw new RegistryError("REQUEST_INVALID", { message: "Content-Length stands more than once" });
  return Number(text);
}
