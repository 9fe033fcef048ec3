// The directory of a node whose data lies in a bucket: what is under way, copies of what all nodes of that bucket share, and
// its own certificate. Nothing in it is needed by another node, and it may be lost.
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makePrivateDirectory } from "../../storage/private-places.ts";
import { explainDataError, StartError } from "../start-error.ts";
import { chooseDataDirectory, type DirectoryProbe } from "./data-directory.ts";
import { becomeOwnerOf } from "./store-owner.ts";

/** Beside data that may lie there from before. */
const nodePlace = "node";

/** Which directory is meant. */
export interface NodeDirectoryOptions {
  /** The configured one. */
  readonly scratch: string | undefined;
  /** The bucket, in any words that no other one has: keys and tokens of two registries must never lie in one directory. */
  readonly bucket: string;
}

const hashDigits = 16;

/**
 * Makes the configured directory; else one of this bucket's below where the data would be; else one for this start alone.
 * Throws a StartError.
 */
export function openNodeDirectory({ scratch, bucket }: NodeDirectoryOptions, probe: DirectoryProbe): string {
  if (scratch !== undefined) return make(scratch);
  const data = chooseDataDirectory(undefined, probe);
  const name = new Bun.CryptoHasher("sha256").update(bucket).digest("hex").slice(0, hashDigits);
  if (data !== undefined) return make(join(data, nodePlace, name));
  return mkdtempSync(join(tmpdir(), "registry-"));
}

function make(path: string): string {
  const directory = resolve(path);
  try {
    mkdirSync(join(directory, ".."), { recursive: true });
    // A command of root's leaves nothing there that the server cannot write.
    becomeOwnerOf(directory);
    makePrivateDirectory(directory);
    return directory;
  } catch (error) {
    throw new StartError(explainDataError(error, directory).replace("(--data DIR)", "(storage.s3.scratch)"));
  }
}
