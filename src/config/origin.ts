// Where a value was written, for messages and for printing a resolved configuration.

/** The place that a value comes from. Lines and columns count from 1. */
export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "flag"; readonly name: string };

/** `config.yml:3:5`, `REGISTRY_HTTP_ADDR`, `--addr` or `default`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default";
    case "file":
      return `${origin.file}:${origin.line}:${origin.column}`;
    case "variable":
    case "flag":
      return origin.name;
  }
}
