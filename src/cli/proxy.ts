// registry proxy
import { readFileSync } from "node:fs";
import { parseRegistryUrl } from "../config/proxy-section.ts";
import { explainReadError } from "../lib/system-error.ts";
import { type Command, CommandError, type CommandIo, flagOf, type ParsedWords, UsageError } from "./command.ts";
import { loadFor } from "./load-for.ts";
import { serveUntilSignal, servingFlags } from "./serving.ts";

/** Serves a cache of another registry until told to stop. */
export const proxyCommand: Command = {
  name: "proxy",
  summary: "serves a cache of another registry",
  operands: "<url>",
  maxOperands: 1,
  description: `Serves as a pull-through cache of the registry at <url>, such as docker.io or https://ghcr.io: what clients pull is
fetched once, verified, kept, and served from here afterwards, also while that registry cannot be reached. Nothing can be
pushed to it. Point docker's registry-mirrors, containerd's hosts.toml or podman's registries.conf at it.

Everybody who reaches the cache can pull what its user there may pull. More registries in one cache, and local
repositories beside them, are configured for \`registry serve\`: see docs/cache.md.`,
  flags: [
    { name: "username", value: "NAME", help: "user at the other registry" },
    { name: "password-file", value: "FILE", help: "file with the user's password or access token" },
    { name: "ttl", value: "DURATION", help: "how long content stays after its last use (default 168h; 0s: for ever)" },
    { name: "max-size", value: "SIZE", help: "how much is kept, such as 100GB (default: as much as the disk holds)" },
    ...servingFlags,
  ],
  run: proxy,
};

async function proxy(words: ParsedWords, io: CommandIo): Promise<number> {
  const [url] = words.positionals;
  if (url === undefined) throw new UsageError("the registry to cache is missing: registry proxy https://ghcr.io");
  if (parseRegistryUrl(url) === undefined) throw new UsageError(`${JSON.stringify(url)} is not the URL of a registry`);
  const [username, passwordFile] = [flagOf(words, "username"), flagOf(words, "password-file")];
  if ((username === undefined) !== (passwordFile === undefined)) {
    throw new UsageError("--username and --password-file go together");
  }
  const password = passwordFile === undefined ? {} : { "password-file": [readPassword(passwordFile)] };
  const flags = { ...words.flags, ...password, url: [url] };
  return serveUntilSignal(() => loadFor({ ...words, positionals: [], flags }, io), io);
}

/** Without the newline that editors put at the end of a file. */
function readPassword(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new CommandError(`--password-file: ${path}: ${explainReadError(error)}`);
  }
}
