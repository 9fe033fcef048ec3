// registry passwd
import { dirname, join, resolve } from "node:path";
import { changeUser, followSymlinks, type UserChange } from "../app/access/edit-htpasswd.ts";
import { recordCommand } from "../app/observe/open-audit.ts";
import { becomeOwnerOf } from "../app/store/store-owner.ts";
import { hashPassword } from "../auth/htpasswd.ts";
import { anonymousName } from "../auth/identity.ts";
import type { Configuration } from "../config/schema.ts";
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
import { dataFlag, withMeantStore } from "./store-command.ts";

/** Adds, changes and deletes users. */
export const passwdCommand: Command = {
  name: "passwd",
  summary: "adds a user, or changes a password",
  operands: "<user> [config.yml]",
  maxOperands: 2,
  description: `Asks for the password and writes the user into the htpasswd file, from which running servers take it over at once.
Without --file that is auth.htpasswd.path of the configuration, or the file htpasswd in the data directory. Without a
configuration file, that file switches authentication on: restart the server after adding the first user, or send it SIGHUP.

  registry passwd alice
  registry passwd alice --password-stdin < secret
  registry passwd alice --delete`,
  flags: [
    dataFlag,
    { name: "file", value: "FILE", help: "the htpasswd file" },
    { name: "password-stdin", help: "read the password from standard input" },
    { name: "delete", help: "delete the user" },
  ],
  run: passwd,
};

const maxUserLength = 255;

async function passwd(words: ParsedWords, io: CommandIo): Promise<number> {
  const [user, ...rest] = words.positionals;
  if (user === undefined) throw new UsageError("which user? registry passwd alice");
  if (user === anonymousName && !hasFlag(words, "delete")) {
    throw new UsageError(`callers without credentials are ${anonymousName}; give the user another name`);
  }
  if (!isUserName(user)) {
    throw new UsageError(
      `${JSON.stringify(user)} cannot be a user name: it is empty or has a colon or a control character`,
    );
  }
  const file = flagOf(words, "file");
  if (file !== undefined) return (await change(resolve(file), user, { words, io })).code;
  const call = { words: { ...words, positionals: rest }, io };
  const changeAndRecord = async (path: string, { log }: Configuration): Promise<number> => {
    const { code, done } = await change(path, user, { words, io });
    const warn = (warning: string) => io.stderr(`warning: ${warning}\n`);
    await recordCommand(log.audit, { event: `user ${done}`, user }, { now: io.now, warn });
    return code;
  };
  const { configuration } = await loadFor(call.words, io);
  const { path } = configuration.auth.htpasswd;
  // A server whose users are kept elsewhere may not have been started yet.
  if (path !== undefined) return await changeAndRecord(path, configuration);
  if (configuration.storage.s3.isOn) throw new CommandError(filesOfNodes);
  return await withMeantStore(call, (meant) =>
    changeAndRecord(join(meant.dataDirectory, "htpasswd"), meant.configuration),
  );
}

const filesOfNodes =
  "nodes on a bucket keep their users in a file that each of them has: name it with --file, and to the servers by auth.htpasswd.path";

function isUserName(text: string): boolean {
  return text !== "" && text.length <= maxUserLength && !/[:\p{Cc}]/u.test(text) && !text.startsWith("#");
}

async function change(
  path: string,
  user: string,
  { words, io }: { readonly words: ParsedWords; readonly io: CommandIo },
): Promise<{ readonly code: number; readonly done: UserChange }> {
  const isDeletion = hasFlag(words, "delete");
  const hash = isDeletion ? undefined : await hashPassword(await readPassword(words, io));
  becomeOwnerOf(dirname(followSymlinks(path)));
  const done = await changeUser(path, user, hash);
  if (done === "unknown") throw new CommandError(`${path} has no user ${user}`);
  io.stdout(`${done} ${user} in ${path}\n`);
  return { code: 0, done };
}

async function readPassword(words: ParsedWords, io: CommandIo): Promise<string> {
  const isPiped = hasFlag(words, "password-stdin");
  if (!isPiped && !io.isTerminal) throw new CommandError("there is no terminal to ask on; give --password-stdin");
  const password = isPiped ? (await io.readInput()).replace(/\r?\n$/, "") : await io.askSecret("Password: ");
  if (password === "") throw new CommandError("the password is empty; nothing was changed");
  if (!isPiped && (await io.askSecret("Repeat it: ")) !== password) {
    throw new CommandError("the passwords differ; nothing was changed");
  }
  return password;
}
