// Settings as they may be shown: without what is secret.
import type { Node } from "./node.ts";
import { nodeAt } from "./node.ts";
import { formatOrigin } from "./origin.ts";
import { root } from "./schema.ts";
import type { Settings } from "./settings.ts";
import { maskUrl } from "./url-secrets.ts";

/** One key, for a person or a program. */
export interface ShownSetting {
  readonly key: string;
  readonly value: unknown;
  /** Such as `default`, `config.yml:3:5`, `REGISTRY_HTTP_ADDR` or `--addr`. */
  readonly origin: string;
}

const mask = "***";

/** The settings that have a value, in the order of the documentation. */
export function showSettings(settings: Settings): readonly ShownSetting[] {
  return [...settings.values()]
    .filter(({ written }) => written !== undefined)
    .map(({ path, written, origin }) => ({
      key: path,
      value: withoutSecrets(nodeAt(root, path.split(".")), written),
      origin: formatOrigin(origin),
    }));
}

function withoutSecrets(node: Node | undefined, value: unknown): unknown {
  if (node?.about.isSecret === true) return value === "" || value === null ? value : mask;
  if (typeof value === "string") return maskUrl(value);
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(node?.element, item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, inner]) => [name, withoutSecrets(node?.element ?? node?.children.get(name), inner)]),
  );
}
