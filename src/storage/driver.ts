// A store, seen through all its ports.
import type { Changes } from "./changes.ts";
import type { NodeClaims } from "./claims.ts";
import type { Garbage } from "./garbage.ts";
import type { Listings } from "./listings.ts";
import type { Directory, Objects, Transfers, Uploads } from "./ports.ts";

/** One store, seen through all its ports. */
export interface Driver {
  readonly objects: Objects;
  readonly changes: Changes;
  readonly garbage: Garbage;
  readonly uploads: Uploads;
  readonly transfers: Transfers;
  readonly directory: Directory;
  /** Undefined if the store has to be walked. */
  readonly listings?: Listings | undefined;
  /** Undefined if whoever wants what another one fetches can follow its transfer. */
  readonly claims?: NodeClaims | undefined;
}
