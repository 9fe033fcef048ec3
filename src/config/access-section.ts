// The sections `auth` and `access`: who may do what.
import * as z from "zod";
import { silent, unsupported } from "./about.ts";
import { boolean, globs, oneOf, presence, tagGlobs, text, texts } from "./values.ts";

function missing(key: string, message: string) {
  return { code: "custom" as const, path: [key], message, input: undefined };
}

const silly = unsupported(
  "silly accepts every caller without a look at credentials; use auth.htpasswd or auth.token, or no auth at all",
).meta({ refusesBlank: true });

const htpasswd = z
  .object({
    isOn: presence.prefault("false"),
    realm: text.prefault("registry").meta({ description: "The name of the registry that clients show." }),
    path: text.optional().meta({
      description: "The file of users with bcrypt hashes, which is read again when it changes.",
    }),
  })
  .check(({ value: { isOn, path }, issues }) => {
    if (isOn && path === undefined) issues.push(missing("path", "must name the file of users"));
  })
  .prefault({})
  .meta({ isProtective: true, description: "Present: callers identify themselves with a user name and a password." });

const token = z
  .object({
    isOn: presence.prefault("false"),
    realm: text.optional().meta({ description: "The URL of the token server." }),
    service: text
      .optional()
      .meta({ description: "The name of this registry at the token server; the tokens' audience." }),
    issuer: text.optional().meta({ description: "The issuer in the tokens." }),
    rootcertbundle: text.optional().meta({ description: "A file of certificates in PEM whose keys sign tokens." }),
    jwks: text.optional().meta({ description: "A file with a JSON Web Key Set whose keys sign tokens." }),
    signingalgorithms: texts.prefault([]).meta({
      description: "The signature algorithms that are accepted; by default all with a public key.",
    }),
    autoredirect: boolean.prefault("false").meta({
      description: "Whether the token server is at the host name that the client uses for the registry.",
    }),
    autoredirectpath: text.prefault("/auth/token").meta({
      description: "The path of the token server with autoredirect.",
    }),
  })
  .check(({ value, issues }) => {
    if (!value.isOn) return;
    for (const key of ["realm", "service", "issuer"] as const) {
      if (value[key] === undefined) issues.push(missing(key, "is missing"));
    }
    if (value.rootcertbundle === undefined && value.jwks === undefined) {
      issues.push(missing("rootcertbundle", "or auth.token.jwks must name the keys that sign tokens"));
    }
  })
  .prefault({})
  .meta({ isProtective: true, description: "Present: callers show tokens that a server elsewhere has signed." });

export const auth = z.object({ none: silent, silly, htpasswd, token }).prefault({}).meta({
  closed: "this version knows htpasswd and token, and does not serve openly what was protected",
  isProtective: true,
});

const actions = z.array(oneOf("pull", "push", "delete"));

const permission = z.object({ repositories: globs, actions }, { error: "must have repositories and actions" });

const rule = z
  .object({
    users: texts.prefault([]),
    groups: texts.prefault([]),
    claims: z.record(z.string(), text).prefault({}),
    repositories: globs,
    actions,
  })
  .refine(
    ({ users, groups, claims }) => users.length + groups.length + Object.keys(claims).length > 0,
    "must name users, groups or claims",
  );

const issuer = z.object({
  issuer: text,
  audience: text,
  name: text.prefault("sub"),
  groups: text.optional(),
});

const immutable = z.object({ repositories: globs, tags: tagGlobs }, { error: "must have repositories and tags" });

export const access = z
  .object({
    isOn: presence.prefault("false"),
    tokens: boolean.optional().meta({
      description:
        "Whether this registry issues tokens itself, so that a password is checked once for each login; on with anonymous.",
    }),
    anonymous: z
      .array(permission, { error: "must be a list of {repositories: [...], actions: [...]}" })
      .prefault([])
      .meta({
        description: "What callers without credentials may do: a list of {repositories: [globs], actions: [pull]}.",
      }),
    groups: z.record(z.string(), texts, { error: "must map names of groups to lists of users" }).prefault({}).meta({
      description: "Groups of users, for rules.",
    }),
    rules: z.array(rule, { error: "must be a list of rules" }).optional().meta({
      description:
        "Who may do what: a list of {users, groups or claims, repositories, actions}; without it, every user may do everything.",
    }),
    oidc: z.array(issuer, { error: "must be a list of {issuer, audience}" }).prefault([]).meta({
      description:
        "Whose workload tokens are accepted as passwords: a list of {issuer, audience}; rules match their claims.",
    }),
    immutable: z.array(immutable, { error: "must be a list of {repositories, tags}" }).prefault([]).meta({
      description:
        "Tags that can be created, but neither moved nor deleted: a list of {repositories: [globs], tags: [globs]}.",
    }),
  })
  .prefault({})
  .meta({
    description: "Present: what callers may do, by rules; needs auth.htpasswd, auth.token or access.oidc.",
    isProtective: true,
  });
