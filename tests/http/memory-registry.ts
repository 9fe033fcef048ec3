// A registry in memory behind dispatch(), and its answers as plain values for tables.
import { type DispatchOptions, dispatch } from "../../src/http/dispatch.ts";
import type { Door } from "../../src/http/door.ts";
import { createLimiter, type Limits, usualLimits } from "../../src/http/limits.ts";
import { createLogger } from "../../src/log/logger.ts";
import type { ManifestRules } from "../../src/registry/manifest-rules.ts";
import { openReading } from "../../src/registry/reading/reading.ts";
import { openRegistry, type Registry } from "../../src/registry/registry.ts";
import type { Driver } from "../../src/storage/driver.ts";
import { openMemory } from "../storage/memory.ts";

/** A request as a table has it. */
export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}

/** A registry to be asked. */
export interface MemoryRegistry {
  readonly options: DispatchOptions;
  readonly registry: Registry;
  readonly driver: Driver;
  /** The lines of the log so far, parsed. */
  readonly log: Record<string, unknown>[];
  ask(method: string, target: string, ask?: Ask): Promise<Response>;
}

/** What differs from the defaults. */
export type MemoryRegistryChanges = Partial<DispatchOptions> & {
  readonly rules?: ManifestRules;
  readonly limits?: Partial<Limits>;
  readonly driver?: Driver;
  readonly door?: Door;
};

/** A registry with nothing in it. Identifiers count from 1, so that locations can stand in tables. */
export function memoryRegistry({
  rules,
  limits,
  driver = openMemory(),
  door,
  ...changes
}: MemoryRegistryChanges = {}): MemoryRegistry {
  const log: Record<string, unknown>[] = [];
  let count = 0;
  const uuid = () => {
    count += 1;
    return uploadId(count);
  };
  const store = { ...driver, now: Date.now, uuid };
  const registry = openRegistry(store, { rules: rules ?? { urls: "any", children: "all" } });
  const options: DispatchOptions = {
    registry,
    api: {
      reading: openReading(store),
      schedule: { graceMs: 0, intervalMs: undefined, deletesUntagged: false },
      isCached: () => false,
      describe: () => ({
        version: "test",
        certificate: undefined,
        upstreams: [],
        cached: { hits: 0, misses: 0 },
        check: { intervalMs: undefined },
      }),
    },
    logger: createLogger({
      level: "debug",
      format: "json",
      write: (line) => void log.push(JSON.parse(line) as Record<string, unknown>),
      now: Date.now,
    }),
    switches: { isDeleteEnabled: true, isReadOnly: false },
    host: undefined,
    prefix: "/",
    headers: {},
    limiter: createLimiter({ ...usualLimits, stallMs: 10_000, ...limits }, Date.now),
    pages: { maxCatalogItems: 1000, maxTagItems: 1000 },
    caCertificate: () => undefined,
    access: () => (door === undefined ? undefined : { door, answerTokenRequest: undefined }),
    ...changes,
  };
  return {
    options,
    registry,
    driver,
    log,
    ask: (method, target, { headers = {}, body } = {}) =>
      dispatch(
        new Request(`http://registry.test${target}`, {
          method,
          headers,
          // As bytes: a string would add a Content-Type.
          ...(body === undefined ? {} : { body: typeof body === "string" ? utf8(body) : body }),
        }),
        options,
      ),
  };
}

/** The n-th identifier that a registry in memory gives out. */
export function uploadId(count: number): string {
  return `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`;
}

/** Status, some headers, and the code of an OCI error or the text of the body. */
export async function summarize(response: Response, ...headerNames: readonly string[]): Promise<unknown[]> {
  const headers = headerNames.map((name) => response.headers.get(name));
  const text = await response.text();
  return [response.status, ...headers, codeOf(text) ?? text];
}

/** Status and code of a refusal. */
export async function refusalOf(response: Response): Promise<unknown[]> {
  return [response.status, codeOf(await response.text())];
}

function codeOf(text: string): string | undefined {
  if (!text.startsWith('{"errors":[')) return undefined;
  return (JSON.parse(text) as { errors: { code: string }[] }).errors[0]?.code;
}

/** A digest of the text. */
export function digestOf(content: string | Uint8Array<ArrayBuffer>, algorithm: "sha256" | "sha512" = "sha256"): string {
  return `${algorithm}:${Bun.CryptoHasher.hash(algorithm, content, "hex")}`;
}

/** The text in UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Stores a blob; its digest. */
export async function pushBlob({ ask }: MemoryRegistry, name: string, text: string): Promise<string> {
  const digest = digestOf(text);
  const response = await ask("POST", `/v2/${name}/blobs/uploads/?digest=${digest}`, { body: text });
  if (response.status !== 201) throw new Error(`not stored: ${response.status} ${await response.text()}`);
  return digest;
}

export const imageType = "application/vnd.oci.image.manifest.v1+json";
export const indexType = "application/vnd.oci.image.index.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";

/** Fields of a manifest beside the ones that every one has. */
export type ManifestFields = Readonly<Record<string, unknown>>;

/** An image manifest of one blob, which is its configuration. */
export function imageOf(text: string, fields: ManifestFields = {}): string {
  const config = { mediaType: configType, digest: digestOf(text), size: utf8(text).length };
  return JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers: [], ...fields });
}

/** What names a manifest in an index or as a subject. */
export function descriptorOf(manifest: string, fields: ManifestFields = {}): ManifestFields {
  return { mediaType: imageType, digest: digestOf(manifest), size: utf8(manifest).length, ...fields };
}

/** Stores an image under a reference; its manifest. */
export async function pushImage(
  memory: MemoryRegistry,
  name: string,
  {
    reference,
    text = "config",
    fields = {},
  }: { readonly reference?: string; readonly text?: string; readonly fields?: ManifestFields } = {},
): Promise<string> {
  await pushBlob(memory, name, text);
  const manifest = imageOf(text, fields);
  const response = await memory.ask("PUT", `/v2/${name}/manifests/${reference ?? digestOf(manifest)}`, {
    body: manifest,
  });
  if (response.status !== 201) throw new Error(`not stored: ${response.status} ${await response.text()}`);
  return manifest;
}
