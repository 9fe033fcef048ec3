// registry token
import { randomBytes } from "node:crypto";
import { ApiTokenFiles, type ListedToken } from "../app/access/api-token-files.ts";
import { recordCommand } from "../app/observe/open-audit.ts";
import {
  type ApiToken,
  createSecret,
  isExpired,
  isTokenName,
  type TokenAction,
  tokenActions,
} from "../auth/api-tokens.ts";
import { parseDuration } from "../lib/duration.ts";
import type { AuditEntry } from "../log/audit-log.ts";
import { formatDay } from "../tls/describe.ts";
import {
  type Command,
  CommandError,
  type CommandIo,
  flagOf,
  hasFlag,
  type ParsedWords,
  UsageError,
} from "./command.ts";
import { dataFlag, withMeantStore } from "./store-command.ts";

/** Creates, lists and revokes API tokens. */
export const tokenCommand: Command = {
  name: "token",
  summary: "creates, lists and revokes API tokens for machines",
  operands: "create <name> | list | revoke <name>  [config.yml]",
  choices: ["create", "list", "revoke"],
  maxOperands: 3,
  description: `An API token serves as the password of any user name: \`docker login -u token -p reg_… HOST\`. It grants only what it was
created for, and only on a server with authentication switched on.

  registry token create ci --repositories 'team/**' --actions pull,push --expires 90d
  registry token list
  registry token revoke ci

\`create\` prints the secret once; only its hash is stored. Creating and revoking take effect at once in every running server
on the same data, and within five seconds on other nodes on the same bucket. In a glob \`*\` matches within one component of a name, and \`**\` matches anything.`,
  flags: [
    dataFlag,
    {
      name: "repositories",
      value: "GLOB",
      isRepeatable: true,
      help: "create: which repositories, such as 'team/**'",
    },
    { name: "actions", value: "ACTIONS", help: "create: pull, push, delete, separated by commas (default pull)" },
    { name: "expires", value: "DURATION", help: "create: how long it is valid, such as 90d or 12h (default forever)" },
    { name: "json", help: "list: one JSON object a line" },
  ],
  run: token,
};

async function token(words: ParsedWords, io: CommandIo): Promise<number> {
  const [verb, ...operands] = words.positionals;
  if (verb === "list") {
    return await withTokens({ ...words, positionals: operands }, io, ({ tokens }) => list(tokens, words, io));
  }
  if (verb !== "create" && verb !== "revoke") throw new UsageError("say create, list or revoke");
  const [name, ...rest] = operands;
  if (name === undefined || !isTokenName(name)) {
    throw new UsageError(`${verb} needs the name of a token, of letters, digits, "-", "_" and ".", such as ci`);
  }
  const meant = { ...words, positionals: rest };
  if (verb === "revoke") return await withTokens(meant, io, (opened) => revoke(opened, name, io));
  const made = parseToken(name, words, io.now());
  return await withTokens(meant, io, (opened) => create(opened, made, io));
}

function withTokens(
  words: ParsedWords,
  io: CommandIo,
  work: (opened: AuditedTokens) => Promise<number>,
): Promise<number> {
  return withMeantStore({ words, io }, async ({ dataDirectory, shared, configuration }) => {
    const warn = (warning: string) => io.stderr(`warning: ${warning}\n`);
    const record = (entry: AuditEntry) => recordCommand(configuration.log.audit, entry, { now: io.now, warn });
    await shared?.pull();
    return work({ tokens: new ApiTokenFiles(dataDirectory, { now: io.now, shared }), record });
  });
}

interface AuditedTokens {
  readonly tokens: ApiTokenFiles;
  readonly record: (entry: AuditEntry) => Promise<void>;
}

function parseToken(name: string, words: ParsedWords, nowMs: number): ApiToken {
  const repositories = words.flags.repositories ?? [];
  if (repositories.length === 0) {
    throw new UsageError("create needs --repositories GLOB, such as --repositories 'team/**'; '**' matches all");
  }
  const wrong = repositories.find((glob) => !/^[a-z0-9*._/-]+$/.test(glob));
  if (wrong !== undefined) throw new UsageError(`--repositories is not a glob of repository names: ${wrong}`);
  const expires = flagOf(words, "expires");
  return {
    name,
    repositories,
    actions: parseActions(flagOf(words, "actions") ?? "pull"),
    createdMs: nowMs,
    expiresMs: expires === undefined ? undefined : nowMs + parseLifetime(expires),
  };
}

function parseActions(text: string): readonly TokenAction[] {
  const words = text.split(",").map((word) => word.trim());
  const unknown = words.find((word) => !tokenActions.some((action) => action === word));
  if (unknown === undefined) return tokenActions.filter((action) => words.includes(action));
  throw new UsageError(`--actions are ${tokenActions.join(", ")}, not ${JSON.stringify(unknown)}`);
}

const dayMs = 24 * 3_600_000;

function parseLifetime(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const lifetimeMs = days === undefined ? parseDuration(text) : Number(days) * dayMs;
  if (lifetimeMs === undefined || lifetimeMs <= 0) {
    throw new UsageError(`--expires is not a duration such as 90d or 12h: ${text}`);
  }
  return lifetimeMs;
}

/** Standard output gets the secret alone, for scripts. */
async function create({ tokens, record }: AuditedTokens, made: ApiToken, io: CommandIo): Promise<number> {
  const secret = createSecret(randomBytes);
  if (!(await tokens.add(secret, made))) {
    throw new CommandError(`the token ${made.name} exists already; \`registry token revoke ${made.name}\` ends it`);
  }
  const { repositories, actions } = made;
  await record({ event: "token created", token: made.name, repositories, actions });
  io.stderr(
    `The token ${made.name} may ${made.actions.join(", ")} ${made.repositories.join(", ")}, ${untilWhen(made)}.\n`,
  );
  io.stderr("It is shown only this once, and serves as the password of any user name:\n");
  io.stdout(`${secret}\n`);
  return 0;
}

function untilWhen({ expiresMs }: ApiToken): string {
  return expiresMs === undefined ? "until it is revoked" : `until ${formatDay(expiresMs)}`;
}

async function revoke({ tokens, record }: AuditedTokens, name: string, io: CommandIo): Promise<number> {
  if (!(await tokens.revoke(name)))
    throw new CommandError(`there is no token ${name}; \`registry token list\` lists them`);
  await record({ event: "token revoked", token: name });
  io.stdout(`The token ${name} is revoked.\n`);
  return 0;
}

async function list(tokens: ApiTokenFiles, words: ParsedWords, io: CommandIo): Promise<number> {
  const listed = tokens.list();
  if (hasFlag(words, "json")) io.stdout(listed.map((each) => `${JSON.stringify(each)}\n`).join(""));
  else if (listed.length === 0) io.stdout("There are no tokens; `registry token create` makes one.\n");
  else io.stdout(formatTable(listed, io.now()));
  return 0;
}

function formatTable(listed: readonly ListedToken[], nowMs: number): string {
  const day = (timeMs: number | undefined) => (timeMs === undefined ? "never" : formatDay(timeMs));
  const rows = [
    ["NAME", "ACTIONS", "LAST USED", "EXPIRES", "REPOSITORIES"],
    ...listed.map((each) => [
      each.name,
      each.actions.join(","),
      day(each.lastUsedMs),
      isExpired(each, nowMs) ? "expired" : day(each.expiresMs),
      each.repositories.join(" "),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const formatRow = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => `${formatRow(row).trimEnd()}\n`).join("");
}
