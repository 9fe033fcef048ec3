// Flags of the command line, which win over variables and the file.

import type { Origin } from "./origin.ts";
import { keys } from "./schema.ts";
import { listItems, type Tree, treeAt, withTree } from "./tree.ts";

/** The flags that are configuration; absent ones change nothing. */
export interface ConfigurationFlags {
  readonly addr?: string | undefined;
  readonly rootDirectory?: string | undefined;
  /** Added to the names that the configuration has; one alone switches the self-signed certificate on. */
  readonly sans?: readonly string[] | undefined;
  readonly plainHttp?: boolean | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
  readonly remoteUrl?: string | undefined;
  readonly proxyUsername?: string | undefined;
  readonly proxyPassword?: string | undefined;
  readonly proxyTtl?: string | undefined;
  readonly proxyMaxSize?: string | undefined;
}

/** The tree with the flags in it. `plainHttp` has no key: it is the absence of TLS. */
export function applyFlags(tree: Tree, flags: ConfigurationFlags): Tree {
  const values = [
    { name: "--addr", path: keys.addr.path, text: flags.addr },
    { name: "--data", path: keys.rootDirectory.path, text: flags.rootDirectory },
    { name: "--log-level", path: keys.logLevel.path, text: flags.logLevel },
    { name: "--log-format", path: keys.logFormatter.path, text: flags.logFormat },
    { name: "<url>", path: keys.remoteUrl.path, text: flags.remoteUrl },
    { name: "--username", path: keys.proxyUsername.path, text: flags.proxyUsername },
    { name: "--password-file", path: keys.proxyPassword.path, text: flags.proxyPassword },
    { name: "--ttl", path: keys.proxyTtl.path, text: flags.proxyTtl },
    { name: "--max-size", path: keys.proxyMaxSize.path, text: flags.proxyMaxSize },
  ];
  const withValues = values.reduce((before, { name, path, text }) => {
    if (text === undefined) return before;
    return withTree(before, path.split("."), { kind: "scalar", text, origin: { kind: "flag", name } });
  }, tree);
  return withSans(withValues, flags.sans ?? []);
}

function withSans(tree: Tree, sans: readonly string[]): Tree {
  if (sans.length === 0) return tree;
  const origin: Origin = { kind: "flag", name: "--san" };
  const added = sans.map((text): Tree => ({ kind: "scalar", text, origin }));
  const items = [...listItems(treeAt(tree, keys.sans.path)), ...added];
  return withTree(tree, keys.sans.path.split("."), { kind: "list", items, origin });
}
