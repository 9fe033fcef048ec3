// Upload sessions for tests.

import type { Digest } from "../../src/oci/digest.ts";
import { openBlob } from "../../src/registry/blobs.ts";
import { type Chunk, StoreUploads } from "../../src/registry/uploads.ts";
import { contentText } from "../content-text.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { named, type Stocked, stocked, utf8 } from "./stocked.ts";

/** The repository of the sessions. */
export const app = named("app");

/** A piece of these texts, which claims the range where one is given. */
export function chunk(
  ...texts: readonly string[]
): Chunk & { readonly at: (start: number, lengthBytes: number) => Chunk } {
  const body = async function* () {
    for (const text of texts) yield utf8(text);
  };
  return { body, range: undefined, at: (start, lengthBytes) => ({ body, range: { start, lengthBytes } }) };
}

/** Uploads of a new store, with one session. */
export async function begin(wrap?: (driver: LockedDriver) => LockedDriver) {
  const stock = stocked(wrap);
  const uploads = new StoreUploads(stock.store);
  return { stock, uploads, target: await uploads.start(app, "sha256") };
}

/** The text of a blob of the repository. */
export async function textOf({ store }: Pick<Stocked, "store">, digest: Digest): Promise<string> {
  return contentText((await openBlob(store, app, digest)).content);
}

/** No bytes. */
export const nothing = chunk();
