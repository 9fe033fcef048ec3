// Words and paths in a unit, as systemd reads them: systemd.syntax(7), "Command lines" in systemd.service(5). Pure.

/**
 * Whether a unit can hold the text in every setting. A newline would begin a setting of its own, and a backslash or a
 * space at the end of a line are no part of it.
 */
export function canStandInUnit(text: string): boolean {
  return text !== "" && !/[\p{Cc}\u{2028}\u{2029}\u{fffd}]|^\s|[\\\s]$/u.test(text);
}

/** Whether the text means itself in every setting: systemd expands nothing in the path of an executable. */
export function isPlainWord(text: string): boolean {
  return /^[\w@+=:,./~-]+$/.test(text);
}

/** A command line, whose first word is the path of the executable and plain. */
export function formatCommandLine(words: readonly string[]): string {
  return words.map((word) => formatPath(word).replaceAll("$", "$$$$")).join(" ");
}

/** A path in a list of paths: quoted if necessary, with what would be a specifier spelled out. */
export function formatPath(path: string): string {
  return isPlainWord(path) ? path : `"${formatWholePath(path).replaceAll(/[\\"]/g, "\\$&")}"`;
}

/** A path that is all of a setting, where quotes would be part of it. */
export function formatWholePath(path: string): string {
  return path.replaceAll("%", "%%");
}

/** The words of a command line as formatCommandLine() writes it; undefined for what it does not write. */
export function parseCommandLine(line: string): readonly string[] | undefined {
  // A quote that nothing closes ends with the line, so that each letter is looked at once.
  const words = line.match(/"(?:[^"\\]|\\.?)*(?:"|$)|[^\s"]+/gs) ?? [];
  const meant = words.map((word) =>
    word
      .replaceAll(/^"|"$/g, "")
      .replaceAll(/\\([\\"])|%%|\$\$/g, (pair, escaped?: string) => escaped ?? pair.slice(1)),
  );
  return formatCommandLine(meant) === line ? meant : undefined;
}
