// Questions to the read API of a registry in memory, and their answers as plain values.
import { digestOf, type MemoryRegistry, pushImage } from "../memory-registry.ts";

/** The answer to a GET, parsed. */
export async function get({ ask }: MemoryRegistry, path: string): Promise<Record<string, unknown>> {
  const response = await ask("GET", `/-/api/v1/${path}`);
  return { status: response.status, ...((await response.json()) as object) };
}

/** The answer to a POST of JSON, parsed. */
export async function post(
  { ask }: MemoryRegistry,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = { "Content-Type": "application/json" },
): Promise<Record<string, unknown>> {
  const response = await ask("POST", `/-/api/v1/${path}`, { headers, body: JSON.stringify(body) });
  return { status: response.status, ...((await response.json()) as object) };
}

/** Pushes the same image under a tag; its digest. */
export async function pushTagged(memory: MemoryRegistry, name: string, reference: string): Promise<string> {
  return digestOf(await pushImage(memory, name, { reference }));
}
