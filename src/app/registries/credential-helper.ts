// Helper programs that keep credentials: docker-credential-<name>. They are strangers: their time and output are bounded.
import { parseHelperAnswer } from "../../client/auth-file.ts";
import type { UpstreamCredentials } from "../../client/upstream-token.ts";
import { messageOf } from "../../lib/system-error.ts";

/** What a helper knows. */
export type HelperAnswer =
  | { readonly kind: "credentials"; readonly credentials: UpstreamCredentials }
  /** It knows no credentials for that registry. */
  | { readonly kind: "none" }
  /** It could not be asked, in words that follow its name. */
  | { readonly kind: "failed"; readonly problem: string };

/** How a helper is asked. */
export interface HelperCall {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
}

const maxAnswerBytes = 256 * 1024;
/** What the helpers of docker print if they know nothing. */
const unknown = /credentials not found/i;

/** Asks a helper for the credentials of a registry. */
export async function askHelper(
  helper: string,
  question: string,
  { env, timeoutMs }: HelperCall,
): Promise<HelperAnswer> {
  let child: Bun.Subprocess<Uint8Array<ArrayBuffer>, "pipe", "ignore">;
  try {
    child = Bun.spawn([`docker-credential-${helper}`, "get"], {
      env,
      stdin: new TextEncoder().encode(question),
      stdout: "pipe",
      stderr: "ignore",
    });
  } catch (error) {
    const isMissing = messageOf(error).includes("not found");
    return { kind: "failed", problem: isMissing ? "is not installed" : `cannot be run: ${messageOf(error)}` };
  }
  const output = child.stdout.getReader();
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
    // What it has started may hold its output open.
    void output.cancel();
  }, timeoutMs);
  try {
    const text = await readAnswer(output);
    if (text === undefined) {
      child.kill("SIGKILL");
      return { kind: "failed", problem: "prints too much" };
    }
    const code = await child.exited;
    if (isLate) return { kind: "failed", problem: `does not answer within ${timeoutMs / 1000} s` };
    return judge(text, code);
  } finally {
    clearTimeout(limit);
    void output.cancel();
  }
}

function judge(text: string, code: number): HelperAnswer {
  if (code !== 0) {
    return unknown.test(text) ? { kind: "none" } : { kind: "failed", problem: `ended with ${code}` };
  }
  const credentials = parseHelperAnswer(text);
  if (credentials === undefined) return { kind: "failed", problem: "printed no Username and Secret" };
  const isEmpty = credentials.username === "" && credentials.password === "";
  return isEmpty ? { kind: "none" } : { kind: "credentials", credentials };
}

interface ByteReader {
  read(): Promise<{ readonly value?: Uint8Array | undefined }>;
}

/** Undefined if it is too long. */
async function readAnswer(output: ByteReader): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (let { value } = await output.read(); value !== undefined; { value } = await output.read()) {
    sizeBytes += value.length;
    if (sizeBytes > maxAnswerBytes) return undefined;
    chunks.push(value);
  }
  return Buffer.concat(chunks).toString();
}
