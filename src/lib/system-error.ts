// Errors of the operating system.

/** The error's code (ENOENT, ECONNREFUSED …), or undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Whether the disk, or what its user may take of it, is full. */
export function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "");
}

/** What went wrong in the work itself, if letting go of what it held has failed as well. */
export function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? error.suppressed : error;
}

/** The error's message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const sentences: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EACCES: "may not be read by this user",
  EISDIR: "is a directory, not a file",
};

/** Why a configured file cannot be read, in words that follow its path. */
export function explainReadError(error: unknown): string {
  const code = errorCode(error) ?? messageOf(error);
  return sentences[code] ?? `cannot be read (${code})`;
}
