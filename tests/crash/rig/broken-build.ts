// Builds of the tests' own in which a rule of the protocol does not hold: a copy of the sources with a line replaced.
// The product has no switch for it.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A replacement of text that the file must hold exactly once. */
interface Replacement {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What takes each rule away. */
export const brokenRules = {
  "2 (locks of repositories)": [
    {
      file: "storage/file-locks.ts",
      from: "if (this.#flock === undefined) return this.#locksHere.take(name, mode, waitMs);",
      to: "if (name !== '' && waitMs >= 0) return { mode, [Symbol.dispose]: () => undefined };",
    },
  ],
  "3 (link first, then look and bring back)": [
    {
      file: "storage/locked-changes.ts",
      from: "if (await trash.restore(trashNameOf(content), content)) restored?.(content);",
      to: "",
    },
  ],
  "4 (the trash is listed before the links are read)": [
    {
      file: "registry/gc/gc.ts",
      from: "const listed = await (collection?.condemned() ?? store.garbage.list());",
      to: "const listed = [];",
    },
    {
      file: "registry/gc/gc.ts",
      from: "await purgeTrash(run, listed)",
      // Other collectors get the time to condemn something meanwhile.
      to: "await Bun.sleep(400); await purgeTrash(run, await run.store.garbage.list())",
    },
  ],
} as const satisfies Readonly<Record<string, readonly Replacement[]>>;

const root = resolve(import.meta.dir, "../../..");

/** The text of each file that is replaced, by its path below src; throws where one does not hold the line just once. */
export function breakSources(replacements: readonly Replacement[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { file, from, to } of replacements) {
    const parts = (texts.get(file) ?? readFileSync(join(root, "src", file), "utf8")).split(from);
    if (parts.length !== 2)
      throw new Error(`${file} holds ${JSON.stringify(from)} ${parts.length - 1} times, not once`);
    texts.set(file, parts.join(to));
  }
  return texts;
}

/** Builds an executable below the directory; its path. */
export async function buildBroken(directory: string, replacements: readonly Replacement[]): Promise<string> {
  for (const name of ["src", "package.json", "tsconfig.json"]) {
    cpSync(join(root, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  for (const [file, text] of breakSources(replacements)) writeFileSync(join(directory, "src", file), text);
  const outfile = join(directory, "registry");
  const result = await Bun.build({
    entrypoints: [join(directory, "src/main.ts")],
    target: "bun",
    define: { BUILD_VERSION: '"0.0.0"', BUILD_COMMIT: '"broken"' },
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
  if (!result.success) throw new Error(`not built: ${result.logs.join("\n")}`);
  return outfile;
}
