// Globs of repository names: `*` stands for letters within one component, `**` for anything.

/** A compiled glob. */
export interface NameGlob {
  /** Whether the glob covers the whole name. */
  match(name: string): boolean;
}

/** Compiles a glob. Nothing but the star is special; Bun gives `**` its meaning only if it is a whole component. */
export function compileNameGlob(glob: string): NameGlob {
  const escaped = glob.replaceAll(/[?[\]{},!\\]/g, "\\$&");
  return new Bun.Glob(escaped.replaceAll(/\*\*+/g, "{*,*/**/*}"));
}
