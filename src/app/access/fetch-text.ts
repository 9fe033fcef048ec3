// A short text from another server, bounded in size and time.
import { RegistryError } from "../../oci/errors.ts";

/** How much is read, and how long it may take. */
export interface TextLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Fetches a text; throws UNAVAILABLE if that fails. Redirects are not followed: they could lead anywhere. */
export async function fetchText(url: string, { maxBytes, timeoutMs }: TextLimits): Promise<string> {
  try {
    const response = await fetch(url, {
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
      headers: { Accept: "application/json", "User-Agent": "registry" },
      tls: { rejectUnauthorized: true },
    });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return await readText(response, maxBytes);
  } catch (cause) {
    throw new RegistryError("UNAVAILABLE", { message: `${new URL(url).host} gives no usable answer`, cause });
  }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
}
