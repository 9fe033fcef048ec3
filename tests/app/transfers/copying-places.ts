// Places for copies of the tests: a store in memory, and registries by their hosts.
import type { RepositoryPlaces } from "../../../src/app/transfers/places.ts";
import { Registries } from "../../../src/app/transfers/registries.ts";
import { type Stocked, stocked } from "../../registry/stocked.ts";

/** Places over a store. */
export function placesOf(stock: Stocked = stocked()): RepositoryPlaces & { readonly registries: Registries } {
  const signal = new AbortController().signal;
  const registries = new Registries({ env: {}, uid: undefined, warn: () => {}, now: Date.now, isPlain: true, signal });
  return { store: stock, registries };
}
