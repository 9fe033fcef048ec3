// A directory with images in it, and the same as a registry of this process.
import { startApp } from "../../../src/app.ts";
import { runCli } from "../../../src/cli/cli.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { parseReference } from "../../../src/oci/reference.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { streamTo } from "../../log/stream.ts";
import { named, pushBlob, putManifest, type Stocked, stockedOn } from "../../registry/stocked.ts";
import { openDisk } from "../../storage/test-store.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeIo } from "../fake-io.ts";

/** A directory that can be stocked, and served. */
export interface StockedDirectory extends AsyncDisposable {
  readonly data: string;
  readonly stock: Stocked;
  /** Serves it; the host as it stands in names of images. */
  serve(env?: Record<string, string>): Promise<string>;
}

/** An empty one. */
export async function stockDirectory(): Promise<StockedDirectory> {
  const directory = temporaryDirectory({ isInMemory: true });
  const driver = await openDisk({ root: directory.path, isDurable: false });
  const stops: (() => Promise<void>)[] = [];
  return {
    data: directory.path,
    stock: stockedOn(driver),
    serve: async (env = {}) => {
      const flags = { addr: ["127.0.0.1:0"], data: [directory.path], http: [""] };
      const loaded = await loadConfiguration({ path: undefined, env, flags });
      const streams = { logStream: streamTo([]), accessStream: streamTo([]) };
      const app = await startApp(loaded, { env, now: Date.now, ...streams, print: () => {} });
      stops.push(() => app.stop());
      return new URL(app.url).host;
    },
    [Symbol.asyncDispose]: async () => {
      for (const stop of stops) await stop();
      directory[Symbol.dispose]();
    },
  };
}

/** What a command said, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command without a terminal. */
export async function run(words: readonly string[], overrides: Parameters<typeof fakeIo>[0] = {}): Promise<Ran> {
  const io = fakeIo(overrides);
  const code = await runCli(words, io);
  return { code, output: io.output(), errors: io.errors() };
}

/** The lines with columns as single spaces. */
export function linesOf(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim().replaceAll(/ {2,}/g, " | ")]));
}

/** What the configuration of a pushed image says. */
export interface RunnableImage {
  readonly tag?: string;
  readonly layers?: readonly string[];
  readonly config?: object;
  readonly annotations?: Record<string, string>;
}

const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Pushes an image with a configuration that says where and how it runs; its digest. */
export async function pushRunnable(stock: Stocked, name: string, image: RunnableImage = {}): Promise<string> {
  const { tag, layers = ["layer"], annotations, config = { os: "linux", architecture: "amd64" } } = image;
  const text = JSON.stringify(config);
  const blobs: object[] = [];
  for (const each of layers) {
    blobs.push({ mediaType: layerType, digest: await pushBlob(stock, name, each), size: each.length });
  }
  return putManifest(stock, name, {
    tag,
    manifest: {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: configType, digest: await pushBlob(stock, name, text), size: Buffer.byteLength(text) },
      layers: blobs,
      ...(annotations === undefined ? {} : { annotations }),
    },
  });
}

/** Pushes an index over images for two platforms, made two months ago; its digest. */
export async function pushMulti(stock: Stocked, name: string, tag: string): Promise<string> {
  const manifests: object[] = [];
  const created = new Date(Date.now() - 65 * 86_400_000).toISOString();
  for (const architecture of ["amd64", "arm64"]) {
    const platform = { os: "linux", architecture };
    const digest = await pushRunnable(stock, name, { layers: [architecture], config: { ...platform, created } });
    const reference = parseReference(digest);
    if (reference === undefined) throw new TypeError(digest);
    const { bytes, mediaType } = await stock.registry.repository(named(name), anonymous()).manifests.get(reference);
    manifests.push({ mediaType, digest, size: bytes.length, platform });
  }
  const mediaType = "application/vnd.oci.image.index.v1+json";
  return putManifest(stock, name, { tag, manifest: { schemaVersion: 2, mediaType, manifests } });
}
