// Names of files that are handed over.

const maxNameLetters = 100;

/** A name that no system minds, whoever chose it. */
export function nameFile(title: string | undefined, digest: string): string {
  const plain = (title ?? "")
    .replace(/^.*[/\\]/, "")
    .replace(/[^\w.+-]/g, "_")
    .replace(/^\.+/, "");
  return plain === "" ? `${digest.replace(":", "-").slice(0, 40)}.json` : plain.slice(0, maxNameLetters);
}
