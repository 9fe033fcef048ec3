// Why a server cannot start, for the person who started it.

import { isIP } from "node:net";
import { parseListenAddress } from "../config/listen-address.ts";
import { errorCode, messageOf } from "../lib/system-error.ts";

/** One line that says what is wrong and what to do. */
export class StartError extends Error {}

/** What sets a listening address. */
interface AddressKey {
  /** `--addr` if absent. */
  readonly key?: string;
}

/** Explains why the system refuses a listening address; undefined for other errors. */
export function explainListenError(
  error: unknown,
  addr: string,
  { key = "--addr" }: AddressKey = {},
): string | undefined {
  const code = errorCode(error) ?? "";
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `${addr} is already in use; stop the program that listens there, or choose another address with ${key}`,
    EADDRNOTAVAIL: `${addr} is not an address of this machine; choose another one with ${key}`,
    EACCES: `listening on ${addr} is not permitted; choose a port above 1023 with ${key}, or grant CAP_NET_BIND_SERVICE`,
  };
  const sentence = sentences[code];
  const host = parseListenAddress(addr)?.hostname;
  if (sentence !== undefined || host === undefined || isIP(host) !== 0) return sentence;
  // The runtime gives no code for a name that it cannot resolve.
  return `the name ${host} cannot be found; give an address of this machine with ${key}, such as :5000`;
}

/** Listens, or throws a StartError that explains why the address cannot be had. */
export function explainListening<T>(addr: string, act: () => T, options: AddressKey = {}): T {
  try {
    return act();
  } catch (error) {
    throw new StartError(explainListenError(error, addr, options) ?? `cannot listen on ${addr}: ${String(error)}`);
  }
}

/** Does something with the object store at the start; its failure becomes a StartError. */
export async function explainStoreFailure<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw errorCode(error) === "ES3" ? new StartError(`the object store fails: ${messageOf(error)}`) : error;
  }
}

const full = "the disk is full; free some space, such as with `registry gc`, or choose another place";

/** Explains why a data directory cannot be used. */
export function explainDataError(error: unknown, directory: string): string {
  const code = errorCode(error) ?? "";
  const sentences: Readonly<Record<string, string>> = {
    EACCES: "it cannot be read and written by this user; run as its owner, change its owner, or choose another place",
    EPERM: "it cannot be written by this user; run as its owner, change its owner, or choose another place",
    ENOENT: "it cannot be made there; choose another place",
    ENOTDIR: "a part of the path is a file; choose another place",
    ENOSPC: full,
    EDQUOT: full,
    EROFS: "the disk is read-only and holds no registry yet; mount it writable, or choose another place",
  };
  return `the data directory ${directory} cannot be used: ${sentences[code] ?? messageOf(error)} (--data DIR)`;
}
