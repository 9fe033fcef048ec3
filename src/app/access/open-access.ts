// Opens the configured access control: the door, and our own token server behind it.
import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Authenticator } from "../../auth/authenticator.ts";
import { hashPassword, PasswordChecker } from "../../auth/htpasswd.ts";
import { type SigningAlgorithm, signingAlgorithms } from "../../auth/jwt.ts";
import { isTrustworthyUrl, type OidcIssuer } from "../../auth/oidc.ts";
import { ownService } from "../../auth/own-tokens.ts";
import { type AccessRules, Policy } from "../../auth/policy.ts";
import { createTokenServer, type TokenServer, type TokenServerDependencies } from "../../auth/token-callers.ts";
import type { Configuration } from "../../config/schema.ts";
import type { LoginScheme } from "../../http/challenge.ts";
import { Door, type DoorOptions } from "../../http/door.ts";
import { LoginFailures } from "../../http/login-failures.ts";
import { messageOf } from "../../lib/system-error.ts";
import type { Logger } from "../../log/logger.ts";
import { orNone } from "../listening/limits.ts";
import { StartError } from "../start-error.ts";
import type { SharedTexts } from "../store/shared-files.ts";
import { changeUser } from "./edit-htpasswd.ts";
import { HtpasswdFile } from "./htpasswd-file.ts";
import { type ExternalTokens, openTokens } from "./open-tokens.ts";

/** What access control needs from the process. */
export interface AccessDependencies {
  readonly dataDirectory: string;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What other nodes have, too; undefined: there are no other nodes. */
  readonly shared?: SharedTexts | undefined;
  /** Whether there is a configuration file; without one, a file of users in the data directory is enough. */
  readonly hasFile: boolean;
  /** Told of logins; undefined if there is no audit log. */
  readonly noteLogin?: DoorOptions["noteLogin"];
  /** Counts failed logins together with other processes. */
  readonly failures?: LoginFailures;
  /** What another process of this registry has decided; undefined: that it is off. If absent, this one decides. */
  readonly decided?: () => DecidedAccess | undefined;
}

/** Access control that is on, as all processes of a registry have to have it, whatever has become of the files meanwhile. */
export interface DecidedAccess {
  readonly usersPath: string | undefined;
}

/** What the server asks about every request. */
export interface OpenedAccess extends DecidedAccess {
  readonly door: Door;
  /** Undefined if there is no token server of ours. */
  readonly answerTokenRequest: TokenServer | undefined;
  /** Takes over other rules, from the next request on, and reads the keys of `auth.token` again. */
  reload(rules: AccessRules): void;
  /** Whether anybody has a password here; else callers show tokens of others. */
  readonly hasUsers: boolean;
  /** A user that was made because there was no file of users; shown once. */
  readonly madeUser: MadeUser | undefined;
}

/** A user who was made here, with a password that was not shown before. */
export interface MadeUser {
  readonly path: string;
  readonly name: string;
  readonly password: string;
}

/** Opens access control; undefined if everybody may do everything. Throws a StartError. */
export async function openAccess(
  { auth, access, http }: Configuration,
  dependencies: AccessDependencies,
): Promise<OpenedAccess | undefined> {
  const { dataDirectory, logger, now, hasFile, noteLogin } = dependencies;
  const decided = dependencies.decided?.();
  const found = auth.htpasswd.path ?? (hasFile ? undefined : existing(join(dataDirectory, "htpasswd")));
  const usersPath = decided === undefined ? found : decided.usersPath;
  if (!canLogIn({ auth, access }, usersPath)) return undefined;
  const isFirst = decided === undefined;
  const madeUser = usersPath === undefined || !isFirst ? undefined : await provideUsers(usersPath);
  let policy = new Policy(access);
  const hasOwnServer = !auth.token.isOn && (access.tokens ?? policy.allowsAnonymous);
  const tokens = openTokens(
    { external: externalTokens(auth.token), oidc: access.oidc.map(describeIssuer), hasOwnServer },
    { dataDirectory, now, logger, shared: dependencies.shared },
  );
  const users = usersPath === undefined ? undefined : openUsers(usersPath, logger, isFirst);
  const passwords = users && { hashes: () => users.hashes(), checker: new PasswordChecker({ now }) };
  const authenticator = new Authenticator({ ...tokens, passwords });
  const door = new Door({
    authenticator,
    policy: () => policy,
    scheme: schemeOf(auth, hasOwnServer),
    failures: dependencies.failures ?? new LoginFailures(orNone(http.limits.loginfailures), now),
    noteLogin,
  });
  const recall: TokenServerDependencies["recall"] = (holder) => authenticator.recall(holder);
  const login: TokenServerDependencies["login"] = (...asked) => door.login(...asked);
  const answerTokenRequest = tokens.own && createTokenServer({ ...tokens.own, login, recall, policy: () => policy });
  const reload = (rules: AccessRules) => {
    policy = new Policy(rules);
    tokens.rereadKeys();
  };
  return { door, usersPath, hasUsers: users !== undefined, madeUser, answerTokenRequest, reload };
}

/** Whether anybody can; throws a StartError if nobody can and somebody should, or in two ways. */
function canLogIn({ auth, access }: Pick<Configuration, "auth" | "access">, usersPath: string | undefined): boolean {
  if (usersPath !== undefined && auth.token.isOn) {
    throw new StartError("auth has both htpasswd and token; a registry has one of them");
  }
  if (usersPath !== undefined || auth.token.isOn || access.oidc.length > 0) return true;
  if (!hasRules(access)) return false;
  throw new StartError("access has rules, but nobody can log in: set auth.htpasswd, auth.token or access.oidc");
}

/** Whether the section says who may do what. Immutable tags need no users. */
function hasRules({ isOn, immutable, tokens, anonymous, groups, rules }: Configuration["access"]): boolean {
  if (!isOn || immutable.length === 0) return isOn;
  const isSaid = tokens !== undefined || rules !== undefined;
  return isSaid || anonymous.length + Object.keys(groups).length > 0;
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

/** As distribution does: a missing file is made with a user whose password is shown once. */
async function provideUsers(path: string): Promise<MadeUser | undefined> {
  // Debian's package is configured like this, with no user.
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new StartError(`auth.htpasswd.path: ${path} is a directory; name a file, such as ${join(path, "htpasswd")}`);
  }
  if (existsSync(path)) return undefined;
  const password = randomBytes(24).toString("base64url");
  try {
    await changeUser(path, "docker", await hashPassword(password));
  } catch (error) {
    throw new StartError(`auth.htpasswd.path: ${path} does not exist and cannot be made: ${messageOf(error)}`);
  }
  return { path, name: "docker", password };
}

/**
 * The first reading must succeed; a later failure leaves the users as they were. Of a file that is gone since the first
 * process has read it, nobody is a user, as there.
 */
function openUsers(path: string, logger: Logger, isFirst: boolean): HtpasswdFile {
  let isOpen = !isFirst && !existsSync(path);
  const users = new HtpasswdFile(path, (problem) => {
    if (!isOpen) throw new StartError(`the file of users cannot be used: ${problem}`);
    logger.error("the file of users cannot be used", { problem });
  });
  users.hashes();
  isOpen = true;
  return users;
}

function externalTokens(token: Configuration["auth"]["token"]): ExternalTokens | undefined {
  const { isOn, issuer = "", service = "", rootcertbundle, jwks, signingalgorithms: names } = token;
  if (!isOn) return undefined;
  const unknown = names.find((name) => !signingAlgorithms.some((known) => known === name));
  if (unknown !== undefined) {
    throw new StartError(`auth.token.signingalgorithms: ${unknown} is none of ${signingAlgorithms.join(", ")}`);
  }
  const algorithms = names.length === 0 ? signingAlgorithms : (names as readonly SigningAlgorithm[]);
  return { issuer, service, algorithms, rootCertBundle: rootcertbundle, jwks };
}

function describeIssuer({ issuer, audience, name, groups }: Configuration["access"]["oidc"][number]): OidcIssuer {
  if (!isTrustworthyUrl(issuer)) throw new StartError(`access.oidc: ${issuer} is not an https URL`);
  return { issuer, audience, claims: { name, groups } };
}

function schemeOf({ htpasswd, token }: Configuration["auth"], hasOwnServer: boolean): LoginScheme {
  if (token.isOn) {
    const { realm = "", service = "", autoredirect, autoredirectpath } = token;
    return {
      kind: "bearer",
      realm: (origin) => (autoredirect ? `${origin}${autoredirectpath.replace(/^\//, "")}` : realm),
      service,
    };
  }
  if (!hasOwnServer) return { kind: "basic", realm: htpasswd.realm };
  return { kind: "bearer", realm: (origin) => `${origin}auth/token`, service: ownService };
}
