// What real clients sent, kept in recorded.json (record.ts makes it), and how it is sent once more, as it was, to another
// registry.

import { openConnection, parseAnswer } from "../http/raw-connection.ts";
import recorded from "./recorded.json";

/** One request of the recording, in latin1. */
export interface Recorded {
  /** The program that sent it. */
  readonly client: string;
  /** `{session-1}` stands for the identifier of an upload, and `{token}` and `{refresh}` for tokens. */
  readonly request: string;
  readonly status: number;
  /** The number of the upload that the answer opened. */
  readonly opens?: number;
}

/** In the order in which they were sent. */
export const recording: readonly Recorded[] = recorded;

/** The repositories that the recording pushes to and pulls from. */
export const recordedRepositories = ["pub/app", "pub/copy", "team/app", "team/artifact", "team/blobs"];

export const recordedUser = { name: "alice", password: "correct horse" };

/** What stands for the names in a recorded request. */
export interface Substitutes {
  /** The identifier of an upload. */
  readonly session: (number: number) => string;
  readonly token: string;
  readonly refresh: string;
}

/** The request with the names filled in; its length is corrected where the form of a token request has one. */
export function substitute(request: string, { session, token, refresh }: Substitutes): string {
  const text = request
    .replaceAll(/\{session-(\d+)\}/g, (_, number) => session(Number(number)))
    .replaceAll("{token}", token);
  if (!text.includes("{refresh}")) return text;
  const [head = "", body = ""] = text.replaceAll("{refresh}", refresh).split("\r\n\r\n");
  return `${head.replace(/^content-length: \d+/im, `Content-Length: ${body.length}`)}\r\n\r\n${body}`;
}

/** What the recording needs of a registry. */
export interface Target {
  readonly port: number;
  /** Empty where the registry asks for none. */
  readonly token: string;
  readonly refresh: string;
}

/** Sends all of it; the requests that were answered in another way than when they were recorded. */
export async function replay({ port, token, refresh }: Target): Promise<readonly string[]> {
  const sessions = new Map<number, string>();
  const differences: string[] = [];
  for (const { client, request, status, opens } of recording) {
    const session = (number: number) => sessions.get(number) ?? crypto.randomUUID();
    using connection = await openConnection({ port });
    connection.send(Buffer.from(substitute(request, { session, token, refresh }), "latin1"));
    const answer = parseAnswer(
      (await connection.seen(/HTTP\/1\.1 [2-5]\d\d [\s\S]*?\r\n\r\n/)).replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, ""),
    );
    const id = /^docker-upload-uuid: (\S+)/im.exec(answer.head)?.[1];
    if (opens !== undefined && id !== undefined) sessions.set(opens, id);
    if (answer.status !== status)
      differences.push(`${client}: ${answer.status}, not ${status}: ${request.slice(0, 200)}`);
  }
  return differences;
}
