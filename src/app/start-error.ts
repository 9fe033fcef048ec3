// Why a server cannot start, in words for the person who started it.

/** One line that says what is wrong and what to do. */
export class StartError extends Error {}

/** The sentence for a listening address that the system refuses; undefined for other errors. */
export function explainListenError(error: unknown, addr: string): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `${addr} is already in use; stop the program that listens there, or choose another address with --addr`,
    EADDRNOTAVAIL: `${addr} is not an address of this machine; choose another one with --addr`,
    EACCES: `listening on ${addr} is not permitted; choose a port above 1023 with --addr, or grant CAP_NET_BIND_SERVICE`,
  };
  return typeof code === "string" ? sentences[code] : undefined;
}

/** The sentence for a data directory that cannot be used. */
export function explainDataError(error: unknown, directory: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const sentences: Readonly<Record<string, string>> = {
    EACCES: "it cannot be read and written by this user; run as its owner, change its owner, or choose another place",
    EPERM: "it cannot be written by this user; run as its owner, change its owner, or choose another place",
    ENOTDIR: "a part of the path is a file; choose another place",
    ENOSPC: "the disk is full; free some space, or choose another place",
    EROFS: "the disk is read-only and holds no registry yet; mount it writable, or choose another place",
  };
  const reason = typeof code === "string" ? sentences[code] : undefined;
  const cause = error instanceof Error ? error.message : String(error);
  return `the data directory ${directory} cannot be used: ${reason ?? cause} (--data DIR)`;
}
