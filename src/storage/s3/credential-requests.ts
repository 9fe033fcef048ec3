// Questions to services that hand out credentials, and their answers.
import type { Send } from "./connection.ts";
import type { S3Credentials } from "./credentials.ts";

/** They are near, and an instance that has none should not wait long to find out. */
const patienceMs = 5_000;
const maxAnswerLength = 64 * 1024;

/** The text of an answer 200; throws for any other. */
export async function askForText(
  send: Send,
  url: string,
  init: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): Promise<string> {
  const answer = await send(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(patienceMs) });
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of answer.body ?? []) {
    sizeBytes += piece.length;
    if (sizeBytes > maxAnswerLength) throw new Error(`${url} answers more than credentials`);
    pieces.push(piece);
  }
  // Errors may quote what they were sent.
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
  return new TextDecoder().decode(Buffer.concat(pieces));
}

/** Credentials that were told piece by piece; throws if one is missing. */
export function credentialsOf(told: {
  readonly accessKeyId: unknown;
  readonly secretAccessKey: unknown;
  readonly sessionToken: unknown;
  readonly expiration: unknown;
}): S3Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = told;
  const isComplete = typeof accessKeyId === "string" && typeof secretAccessKey === "string";
  if (!isComplete || accessKeyId === "" || secretAccessKey === "") throw new Error("credentials are incomplete");
  const endsMs = typeof expiration === "string" ? Date.parse(expiration) : Number.NaN;
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: typeof sessionToken === "string" && sessionToken !== "" ? sessionToken : undefined,
    endsMs: Number.isNaN(endsMs) ? undefined : endsMs,
    signingKeys: new Map(),
  };
}
