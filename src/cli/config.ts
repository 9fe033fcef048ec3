// registry config

import { configuredEndpoints } from "../app/notifications/announced.ts";
import { StartError } from "../app/start-error.ts";
import { openBucket, planConfiguredBucket } from "../app/store/open-bucket.ts";
import { tokenActions } from "../auth/api-tokens.ts";
import { anonymousCaller, anonymousName, type Caller } from "../auth/identity.ts";
import { type Access, Policy } from "../auth/policy.ts";
import type { S3Settings } from "../config/s3-section.ts";
import type { Configuration } from "../config/schema.ts";
import { showSettings } from "../config/shown.ts";
import { parseRepositoryName } from "../oci/name.ts";
import { notificationsPlace } from "../storage/places.ts";
import {
  type Command,
  CommandError,
  type CommandIo,
  flagOf,
  hasFlag,
  type ParsedWords,
  UsageError,
} from "./command.ts";
import { loadFor } from "./load-for.ts";

/** Checks a configuration and prints it. */
export const configCommand: Command = {
  name: "config",
  summary: "checks a configuration, and prints what holds and why",
  operands: "[config.yml]",
  maxOperands: 3,
  description: `Prints every key that has a value, with where it was written: in the file, a REGISTRY_* variable, or nowhere (default).
Secrets are not shown. A configuration that cannot be used is an error that names all its problems.

  registry config config.yml
  registry config config.yml --probe                         # and what the bucket of storage.s3 can promise
  registry config --explain alice team/app push config.yml   # which rule decides; exit 0 allowed, 1 denied
  registry config --schema > registry.schema.json            # for editors`,
  flags: [
    { name: "json", help: "print one JSON object: each key with its value and origin" },
    {
      name: "probe",
      help: "try the bucket of storage.s3: whether it can carry a registry, and what it cannot promise",
    },
    { name: "schema", help: "print the JSON Schema of the configuration file" },
    {
      name: "explain",
      value: "USER",
      help: "tell whether USER (or anonymous) may do what follows: a repository and pull, push or delete",
    },
  ],
  run: config,
};

async function config(words: ParsedWords, io: CommandIo): Promise<number> {
  if (hasFlag(words, "schema")) return await printSchema(io);
  if (hasFlag(words, "probe") && hasFlag(words, "json"))
    throw new UsageError("--probe prints no JSON; say one of them");
  const user = flagOf(words, "explain");
  const { positionals } = words;
  const rest = user === undefined ? positionals : positionals.slice(2);
  if (rest.length > 1) throw new UsageError(`too many words: ${rest.slice(1).join(" ")}`);
  const loaded = await loadFor({ ...words, positionals: rest }, io);
  for (const warning of loaded.warnings) io.stderr(`warning: ${warning}\n`);
  if (user !== undefined) return explain(loaded.configuration, parseQuestion(user, positionals[0], positionals[1]), io);
  const { s3 } = loaded.configuration.storage;
  if (s3.isOn) requireBucketPlan(s3);
  const settings = showSettings(loaded.settings);
  if (hasFlag(words, "json")) {
    const byKey = settings.map(({ key, value, origin }) => [key, { value, origin }]);
    io.stdout(`${JSON.stringify(Object.fromEntries(byKey), null, 2)}\n`);
    return 0;
  }
  for (const { key, value, origin } of settings) {
    io.stdout(`${key}: ${typeof value === "string" ? value : JSON.stringify(value)}  # ${origin}\n`);
  }
  if (hasFlag(words, "probe")) await probeBucket(loaded.configuration, io);
  return 0;
}

/** What can be said without asking the store. */
function requireBucketPlan(s3: S3Settings): void {
  const plan = planConfiguredBucket(s3);
  if ("problem" in plan) throw new CommandError(plan.problem);
}

async function probeBucket(configuration: Configuration, { env, now, stdout }: CommandIo): Promise<void> {
  const { s3 } = configuration.storage;
  if (!s3.isOn) throw new UsageError("--probe tries a bucket, and there is no section storage.s3");
  try {
    const { place, traits } = await openBucket(s3, { env, now, send: fetch, isReadOnly: false });
    stdout(`# ${place}: can carry a registry\n`);
    for (const warning of traits.warnings) stdout(`# ${place}: ${warning}\n`);
    if (configuredEndpoints(configuration).length > 0)
      stdout(`# ${place}: events wait below ${notificationsPlace}/ for their receivers\n`);
  } catch (error) {
    throw error instanceof StartError ? new CommandError(error.message) : error;
  }
}

/** Loaded when it is asked for, like the library of schemas. */
async function printSchema(io: CommandIo): Promise<number> {
  const { describeAsJson } = await import("../config/json-schema.ts");
  io.stdout(`${JSON.stringify(describeAsJson(), null, 2)}\n`);
  return 0;
}

interface AccessQuestion extends Access {
  readonly user: string;
}

function parseQuestion(user: string, name: string | undefined, action: string | undefined): AccessQuestion {
  const repository = name === undefined ? undefined : parseRepositoryName(name);
  const known = tokenActions.find((each) => each === action);
  if (repository === undefined || known === undefined) {
    throw new UsageError(
      "--explain USER is followed by a repository and pull, push or delete: --explain alice team/app push",
    );
  }
  return { user, repository, action: known };
}

/** The same decision as a server's, by the same function. */
function explain({ auth, access }: Configuration, { user, ...asked }: AccessQuestion, io: CommandIo): number {
  if (!auth.htpasswd.isOn && !auth.token.isOn && !access.isOn) {
    io.stdout("allowed: without auth everybody may do everything\n");
    return 0;
  }
  if (auth.token.isOn) throw new UsageError("with auth.token, the token itself says what its bearer may do");
  const caller: Caller =
    user === anonymousName ? anonymousCaller : { identity: { kind: "user", name: user }, grant: undefined };
  const { isAllowed, because } = new Policy(access).decide(caller, asked);
  io.stdout(`${isAllowed ? "allowed" : "denied"}: ${because}${quoteRule(access, because)}\n`);
  return isAllowed ? 0 : 1;
}

/** The rule itself, if one decided. */
function quoteRule({ rules = [], anonymous }: Configuration["access"], because: string): string {
  const [, list, index] = /^access\.(rules|anonymous)(?:\[(\d+)\])?$/.exec(because) ?? [];
  const rule = list === undefined ? undefined : (list === "rules" ? rules : anonymous)[Number(index ?? 0)];
  if (rule === undefined) return "";
  const parts = Object.entries(rule).filter(([, value]) => Object.keys(value).length > 0);
  return `: ${JSON.stringify(Object.fromEntries(parts))}`;
}
