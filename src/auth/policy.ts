// Who may do what: one pure function decides, and says why.
import { compileNameGlob, type NameGlob } from "../lib/name-glob.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { ResourceActions } from "./access-claim.ts";
import { type TokenAction, tokenActions } from "./api-tokens.ts";
import type { Caller, Identity } from "./identity.ts";
import type { Claims } from "./jwt.ts";

/** What can be done to a repository. */
export type Action = TokenAction;

/** What may be done to which repositories. */
export interface Permission {
  /** Globs of repository names: `*` within a component, `**` across. */
  readonly repositories: readonly string[];
  readonly actions: readonly Action[];
}

/** A permission for the callers that all of its conditions fit, of which it has at least one. */
export interface AccessRule extends Permission {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Claims of a workload, which must have exactly these values. */
  readonly claims: Readonly<Record<string, string>>;
}

/** The rules of a registry. */
export interface AccessRules {
  readonly anonymous: readonly Permission[];
  /** The users in each group. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Undefined: every user may do everything. */
  readonly rules?: readonly AccessRule[] | undefined;
}

/** What a caller wants to do. */
export interface Access {
  readonly repository: RepositoryName;
  readonly action: Action;
}

/** Whether it is allowed, and which rule says so. */
export interface Decision {
  readonly isAllowed: boolean;
  readonly because: string;
}

/** Compiled rules. */
export class Policy {
  readonly #rules: AccessRules;
  readonly #globs = new Map<string, NameGlob>();

  constructor(rules: AccessRules) {
    this.#rules = rules;
  }

  /** Whether callers without credentials may do anything. */
  get allowsAnonymous(): boolean {
    return this.#rules.anonymous.length > 0;
  }

  /** A token never grants more than its holder may do. */
  decide({ identity, grant }: Caller, access: Access): Decision {
    if (grant !== undefined && !isGranted(grant, access)) return deny("the token does not grant it");
    return this.#decideFor(identity, access);
  }

  /** Whether a caller may pull from every repository that there is or will be, by a rule that says so with `**`. */
  coversEverything(identity: Identity): boolean {
    const isForAll = ({ repositories, actions }: Permission) => actions.includes("pull") && repositories.includes("**");
    switch (identity.kind) {
      case "anonymous":
        return this.#rules.anonymous.some(isForAll);
      case "bearer":
        return true;
      case "apiToken":
        return isForAll(identity.token);
      case "workload":
      case "user":
        return (
          this.#rules.rules?.some((rule) => this.#fits(rule, identity) && isForAll(rule)) ?? identity.kind === "user"
        );
    }
  }

  #decideFor(identity: Identity, access: Access): Decision {
    switch (identity.kind) {
      case "anonymous":
        return this.#decideByPermissions(this.#rules.anonymous, "access.anonymous", access);
      case "bearer":
        return allow("the token grants it");
      case "apiToken":
        return this.#decideByPermissions([identity.token], `token ${identity.token.name}`, access);
      case "workload":
      case "user":
        return this.#decideByRules(identity, access);
    }
  }

  #decideByPermissions(permissions: readonly Permission[], name: string, access: Access): Decision {
    const index = permissions.findIndex((permission) => this.#covers(permission, access));
    if (index === -1) return deny(`${name} does not allow it`);
    return allow(permissions.length === 1 ? name : `${name}[${index}]`);
  }

  /** Without rules every user may do everything; but anybody may run a job at a public issuer of workload tokens. */
  #decideByRules(identity: Extract<Identity, { kind: "user" | "workload" }>, access: Access): Decision {
    const { rules } = this.#rules;
    if (rules === undefined) {
      return identity.kind === "user" ? allow("there are no access.rules") : deny("there are no access.rules");
    }
    const index = rules.findIndex((rule) => this.#fits(rule, identity) && this.#covers(rule, access));
    return index === -1 ? deny("no rule of access.rules allows it") : allow(`access.rules[${index}]`);
  }

  #fits(rule: AccessRule, identity: Extract<Identity, { kind: "user" | "workload" }>): boolean {
    const isUser = identity.kind === "user";
    const claims = Object.entries(rule.claims);
    if (claims.length > 0) {
      return !isUser && claims.every(([name, value]) => hasClaim(identity.claims, name, value));
    }
    if (isUser && rule.users.includes(identity.name)) return true;
    return rule.groups.some((group) =>
      isUser ? this.#rules.groups[group]?.includes(identity.name) === true : identity.groups.includes(group),
    );
  }

  #covers({ repositories, actions }: Permission, { repository, action }: Access): boolean {
    return actions.includes(action) && repositories.some((glob) => this.#glob(glob).match(repository));
  }

  #glob(text: string): NameGlob {
    const glob = this.#globs.get(text) ?? compileNameGlob(text);
    this.#globs.set(text, glob);
    return glob;
  }
}

/** A list is no value, not even one with a single element. */
function hasClaim(claims: Claims, name: string, value: string): boolean {
  const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return ["string", "number", "boolean"].includes(typeof claim) && String(claim) === value;
}

/** Whether a token's grant names the repository and the action. */
function isGranted(grant: readonly ResourceActions[], { repository, action }: Access): boolean {
  return grant.some(
    ({ type, name, actions }) =>
      type === "repository" && name === repository && (actions.includes(action) || actions.includes("*")),
  );
}

/** What of the requested actions on a repository is allowed; `*` asks for all. */
export function allowedActions(
  policy: Policy,
  caller: Caller,
  asked: { readonly repository: RepositoryName; readonly actions: readonly string[] },
): readonly Action[] {
  const { repository, actions } = asked;
  return tokenActions.filter(
    (action) =>
      (actions.includes(action) || actions.includes("*")) && policy.decide(caller, { repository, action }).isAllowed,
  );
}

function allow(because: string): Decision {
  return { isAllowed: true, because };
}

function deny(because: string): Decision {
  return { isAllowed: false, because };
}
