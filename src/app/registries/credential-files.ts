// The credentials of the user who runs a command, from where docker and podman keep them:
//
//   $REGISTRY_AUTH_FILE                             alone, if it is set
//   $DOCKER_CONFIG/config.json                      ~/.docker/config.json
//   $XDG_RUNTIME_DIR/containers/auth.json           /run/containers/<uid>/auth.json
//   $XDG_CONFIG_HOME/containers/auth.json           ~/.config/containers/auth.json
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type AuthFile,
  type CredentialQuestion,
  findCredentials,
  findHelper,
  helperQuestion,
  parseAuthFile,
} from "../../client/auth-file.ts";
import type { CredentialsFor, UpstreamCredentials } from "../../client/upstream-token.ts";
import { errorCode, explainReadError } from "../../lib/system-error.ts";
import { askHelper } from "./credential-helper.ts";

/** Whose files are read. */
export interface CredentialOwner {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined if the system knows none. */
  readonly uid: number | undefined;
  /** Warns of what cannot be used: the command continues without it. */
  readonly warn: (sentence: string) => void;
  /** The files, if they have been read before. */
  readonly authFiles?: AuthFiles | undefined;
}

/** What the files say; tells at first of those that cannot be used. */
type AuthFiles = () => readonly ReadAuthFile[];

/** A file that was read. */
interface ReadAuthFile {
  readonly path: string;
  readonly file: AuthFile;
}

const maxFileBytes = 1024 * 1024;
const helperMs = 30_000;

/** Where credentials may be, in the order in which they count. */
export function listAuthPaths({ env, uid }: Pick<CredentialOwner, "env" | "uid">): readonly string[] {
  const named = env.REGISTRY_AUTH_FILE ?? "";
  if (named !== "") return [named];
  const set = (name: string) => ((env[name] ?? "") === "" ? undefined : env[name]);
  const home = set("HOME");
  const below = (directory: string | undefined, ...rest: readonly string[]) =>
    directory === undefined ? [] : [join(directory, ...rest)];
  const dockerHome = set("DOCKER_CONFIG") ?? below(home, ".docker")[0];
  const runtime = set("XDG_RUNTIME_DIR") ?? (uid === undefined ? undefined : `/run/containers/${uid}`);
  const runtimeRest = set("XDG_RUNTIME_DIR") === undefined ? ["auth.json"] : ["containers", "auth.json"];
  const configHome = set("XDG_CONFIG_HOME") ?? below(home, ".config")[0];
  return [
    ...below(dockerHome, "config.json"),
    ...below(runtime, ...runtimeRest),
    ...below(configHome, "containers", "auth.json"),
  ];
}

/** Reads the files now: a root that works on another user's store becomes that user, who may not read them. */
export function readAuthFiles(owner: CredentialOwner): AuthFiles {
  const warnings: string[] = [];
  const warn = (sentence: string) => void warnings.push(sentence);
  const files = listAuthPaths(owner).flatMap((path) => readAuthFile(path, { warn }) ?? []);
  return () => {
    for (const sentence of warnings.splice(0)) owner.warn(sentence);
    return files;
  };
}

/** The credentials for a registry. The files are read once, a helper is asked once. */
export function openUserCredentials(host: string, owner: CredentialOwner): CredentialsFor {
  let { authFiles } = owner;
  const answers = new Map<string, Promise<UpstreamCredentials | undefined>>();
  return async (repository) => {
    authFiles ??= readAuthFiles(owner);
    for (const read of authFiles()) {
      const found = await findIn(read, { host, repository }, { owner, answers });
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

async function findIn(
  { path, file }: ReadAuthFile,
  question: CredentialQuestion,
  {
    owner,
    answers,
  }: { readonly owner: CredentialOwner; readonly answers: Map<string, Promise<UpstreamCredentials | undefined>> },
): Promise<UpstreamCredentials | undefined> {
  const helper = findHelper(file, question.host);
  if (helper === undefined) return findCredentials(file, question);
  const asked = answers.get(helper) ?? askFor(helper, { path, host: question.host, owner });
  answers.set(helper, asked);
  return (await asked) ?? findCredentials(file, question);
}

async function askFor(
  helper: string,
  { path, host, owner }: { readonly path: string; readonly host: string; readonly owner: CredentialOwner },
): Promise<UpstreamCredentials | undefined> {
  const answer = await askHelper(helper, helperQuestion(host), { env: owner.env, timeoutMs: helperMs });
  if (answer.kind === "credentials") return answer.credentials;
  if (answer.kind === "failed") {
    owner.warn(`docker-credential-${helper}, which ${path} names, ${answer.problem}; continuing without it`);
  }
  return undefined;
}

function readAuthFile(path: string, { warn }: Pick<CredentialOwner, "warn">): ReadAuthFile | undefined {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > maxFileBytes) {
      warn(`${path} is too large for a file with credentials; continuing without it`);
      return undefined;
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOENT" && code !== "ENOTDIR") warn(`${path} ${explainReadError(error)}; continuing without it`);
    return undefined;
  }
  const file = text.trim() === "" ? undefined : parseAuthFile(text);
  if (file === undefined && text.trim() !== "") warn(`${path} is not valid JSON; continuing without it`);
  return file === undefined ? undefined : { path, file };
}
