// A door with two users, an API token and tokens of our own, as tests open it.
import { type ApiToken, createSecret, hashSecret } from "../../src/auth/api-tokens.ts";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { PasswordChecker } from "../../src/auth/htpasswd.ts";
import { type Action, Policy } from "../../src/auth/policy.ts";
import type { LoginScheme } from "../../src/http/challenge.ts";
import { Door } from "../../src/http/door.ts";
import { LoginFailures } from "../../src/http/login-failures.ts";

const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
/** The secret of the API token. */
export const secret = createSecret((count) => new Uint8Array(count).fill(7));
const token: ApiToken = {
  name: "ci",
  repositories: ["team/**"],
  actions: ["pull"],
  createdMs: 0,
  expiresMs: undefined,
};
/** Logins by Basic alone. */
/** The header of a user. */
export const basicScheme: LoginScheme = { kind: "basic", realm: "test" };
/** Logins through the token server. */
export const bearerScheme: LoginScheme = {
  kind: "bearer",
  realm: (origin) => `${origin}auth/token`,
  service: "registry",
};

/** A token, of ours or of a foreign issuer, is its grant as JSON here: signatures are another test's. */
export function openDoor(
  scheme: LoginScheme,
  anonymous: readonly { repositories: string[]; actions: Action[] }[],
  { isForeign = false } = {},
): Door {
  const hashes = new Map(["alice", "bob"].map((name) => [name, hash]));
  return new Door({
    authenticator: new Authenticator({
      passwords: { hashes: () => hashes, checker: new PasswordChecker({ now: () => 0 }) },
      apiTokens: {
        find: (text) => (text === secret ? token : undefined),
        get: (id) => (id === hashSecret(secret) ? token : undefined),
      },
      verifyWorkload: undefined,
      verifyOwn: async (text) =>
        text.startsWith("[")
          ? { claims: { access: JSON.parse(text), holder: { kind: "anonymous" } } }
          : { problem: "this is no token" },
      verifyForeign: isForeign ? async (text) => ({ name: "stranger", access: JSON.parse(text) }) : undefined,
    }),
    policy: () =>
      new Policy({
        anonymous,
        groups: {},
        rules: [
          { users: ["alice"], groups: [], claims: {}, repositories: ["**"], actions: ["pull", "push", "delete"] },
          { users: ["bob"], groups: [], claims: {}, repositories: ["team/**"], actions: ["pull", "push"] },
          { users: ["bob"], groups: [], claims: {}, repositories: ["drop/**"], actions: ["delete"] },
        ],
      }),
    scheme,
    failures: new LoginFailures(3, () => 0),
  });
}

/** What anybody may pull. */
export const pub = [{ repositories: ["pub/**"], actions: ["pull" as const] }];
export const basic = (name: string, password: string) => `Basic ${btoa(`${name}:${password}`)}`;
/** The header of an anonymous token. */
export const grant = (name: string, ...actions: string[]) =>
  `Bearer ${JSON.stringify([{ type: "repository", name, actions }])}`;
