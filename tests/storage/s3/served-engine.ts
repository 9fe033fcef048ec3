// The object store in memory behind a port, for programs that find it by their configuration.
import { testCredentials } from "./bucket.ts";
import { Engine, type EngineOptions } from "./engine.ts";
import { bucketName } from "./engine-request.ts";

/** The store, and the section of a configuration that finds it. */
export interface ServedEngine extends AsyncDisposable {
  readonly engine: Engine;
  /** As YAML in one line; the scratch directory and more keys may follow. */
  section(more?: string): string;
}

/** Serves it, by the machine's clock. */
export async function serveEngine(options: EngineOptions = {}): Promise<ServedEngine> {
  const engine = new Engine(options);
  const { accessKeyId, secretAccessKey } = await testCredentials.get();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      engine.nowMs = Date.now();
      const { pathname, search } = new URL(request.url);
      const body = new Uint8Array(await request.arrayBuffer());
      const headers = Object.fromEntries(request.headers);
      const method = request.method;
      return await engine.send(`http://store.test${pathname}${search}`, {
        method,
        headers,
        ...(method === "PUT" || method === "POST" ? { body } : {}),
      });
    },
  });
  const keys = `bucket: ${bucketName}, regionendpoint: "http://127.0.0.1:${server.port}", accesskey: ${accessKeyId}, secretkey: ${secretAccessKey}`;
  return {
    engine,
    section: (more = "") => `{s3: {${keys}${more === "" ? "" : `, ${more}`}}}`,
    [Symbol.asyncDispose]: async () => await server.stop(true),
  };
}
