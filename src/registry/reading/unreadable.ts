// What a caller is told of something that cannot be read: the system's code, and no paths of the server.
import { errorCode } from "../../lib/system-error.ts";

/** Words that follow what it is about, such as "it". */
export function explainUnreadable(error: unknown): string {
  return `cannot be read (${errorCode(error) ?? "an unexpected error"})`;
}
