// The credentials of an upstream: from the configuration, or from a docker credential helper.

import type { UpstreamCredentials } from "../../client/upstream-token.ts";
import type { ConfiguredUpstream } from "../../config/proxy-section.ts";
import { parseJsonObject } from "../../lib/json-object.ts";

/** Runs a program with a text on standard input and returns its standard output. */
export type RunProgram = (command: readonly string[], input: string) => Promise<string>;

/** What looking up credentials needs. */
export interface CredentialDependencies {
  readonly run: RunProgram;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const helperMs = 30_000;

/** Asked for each request; a helper's answer is kept for its lifetime, or for ever without one. */
export function openCredentials(
  { host, username, password, exec }: ConfiguredUpstream,
  { run, now }: CredentialDependencies,
): () => Promise<UpstreamCredentials | undefined> {
  if (exec === undefined) {
    const fixed = username === undefined || password === undefined ? undefined : { username, password };
    return async () => fixed;
  }
  let kept: { readonly credentials: UpstreamCredentials; readonly untilMs: number } | undefined;
  return async () => {
    if (kept !== undefined && kept.untilMs > now()) return kept.credentials;
    const credentials = parseHelperAnswer(await run([exec.command, "get"], host));
    kept = { credentials, untilMs: exec.lifetime === undefined ? Number.POSITIVE_INFINITY : now() + exec.lifetime };
    return credentials;
  };
}

function parseHelperAnswer(text: string): UpstreamCredentials {
  const { Username: username, Secret: password } = parseJsonObject(text) ?? {};
  if (typeof username === "string" && typeof password === "string") return { username, password };
  throw new Error("the credential helper of proxy.exec printed no Username and Secret");
}

/** Runs programs on this machine. They get this environment: by default Bun passes on the one that it was started with. */
export function programsIn(env: Readonly<Record<string, string | undefined>>): RunProgram {
  return async ([program = "", ...args], input) => {
    const child = Bun.spawn([program, ...args], {
      env,
      stdin: new TextEncoder().encode(input),
      stdout: "pipe",
      stderr: "ignore",
      timeout: helperMs,
    });
    const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
    return text;
  };
}
