// Why a file that somebody named cannot be read.

const sentences: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EACCES: "may not be read by this user",
  EISDIR: "is a directory, not a file",
};

/** Words that follow the file's path. */
export function explainReadError(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return sentences[code] ?? `cannot be read (${code})`;
}
