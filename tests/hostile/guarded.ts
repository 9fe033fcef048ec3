// A registry with users, anonymous callers and its own token server, and one that lets everybody in: what the recorded
// requests, bent or as they were, are sent to.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { type Outcome, run } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { recordedRepositories, recordedUser, type Target } from "./recording.ts";

/** A registry with its configuration. */
export interface HostileSite extends AsyncDisposable {
  readonly registry: StartedRegistry;
  /** Fresh tokens for all that the recording does. */
  target(): Promise<Target>;
  verify(): Promise<Outcome>;
}

const everything = ["pull", "push", "delete"];

/** Starts it with the name of a kind; more sections of the configuration replace those of the same name. */
export async function openHostileSite(isGuarded: boolean, sections: object = {}): Promise<HostileSite> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(temporaryDirectory());
  const [file, users, data] = ["config.yml", "htpasswd", "data"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(data);
  const hash = await Bun.password.hash(recordedUser.password, { algorithm: "bcrypt", cost: 4 });
  writeFileSync(users, `${recordedUser.name}:${hash}\n`);
  const guard = {
    auth: { htpasswd: { realm: "test", path: users } },
    access: {
      anonymous: [{ repositories: ["pub/**"], actions: ["pull"] }],
      rules: [{ users: [recordedUser.name], repositories: ["**"], actions: everything }],
    },
  };
  const configuration = {
    version: 0.1,
    // Who bends requests meets what is behind these limits too.
    http: { addr: "127.0.0.1:0", limits: { sessions: 0, loginfailures: 0 } },
    storage: { filesystem: { rootdirectory: data, durable: false }, delete: { enabled: true } },
    ...(isGuarded ? guard : {}),
    ...sections,
  };
  writeFileSync(file, JSON.stringify(configuration));
  const registry = opened.use(await startRegistry({ data, args: [file] }));
  const kept = opened.move();
  return {
    registry,
    target: async () => ({ port: registry.port, ...(isGuarded ? await login(registry) : { token: "", refresh: "" }) }),
    verify: () => run([executable, "verify", file]),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function login(registry: StartedRegistry): Promise<{ readonly token: string; readonly refresh: string }> {
  const scopes = recordedRepositories.map((name) => `repository:${name}:${everything}`);
  const form = {
    ...{ grant_type: "password", service: "registry", client_id: "test", access_type: "offline" },
    ...{ username: recordedUser.name, password: recordedUser.password },
    scope: [...scopes, "registry:catalog:*"].join(" "),
  };
  const response = await registry.fetch("/auth/token", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  });
  const answer = (await response.json()) as { readonly access_token: string; readonly refresh_token: string };
  return { token: answer.access_token, refresh: answer.refresh_token };
}
