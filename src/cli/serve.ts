// registry serve
import type { Command } from "./command.ts";
import { loadFor } from "./load-for.ts";
import { serveUntilSignal, servingFlags } from "./serving.ts";

/** Serves until told to stop. */
export const serveCommand: Command = {
  name: "serve",
  summary: "serves a registry",
  operands: "[config.yml]",
  maxOperands: 1,
  description: `Serves a registry. Without a configuration file: on :5000, over HTTPS with a certificate it makes on the first
run, with data in /var/lib/registry (or ~/.local/share/registry where that cannot be written), deletion allowed.

The file is that of registry:2 and registry:3 and keeps its meaning: without a section http.tls it serves plain HTTP.
Flags win over REGISTRY_… variables, and those over the file. The path may also come from REGISTRY_CONFIGURATION_PATH.`,
  flags: servingFlags,
  run: async (words, io) => serveUntilSignal(() => loadFor(words, io), io),
};
