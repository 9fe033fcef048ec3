// What is measured: each workload runs against a registry and is timed as a whole.
import { Agent, request as httpRequest } from "node:http";

/** One thing to do, `round` times anew with other content. */
export interface Workload {
  readonly name: string;
  /** How many times the peer's time this may take, as an aim. */
  readonly aim: number | undefined;
  readonly run: (url: string, round: string) => Promise<void>;
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

interface Answer {
  readonly status: number;
  readonly location: string;
}

/** One request whose answer is read and thrown away. node:http costs less than fetch, so the server is what is timed. */
function send(
  method: string,
  url: string,
  options: { body?: Uint8Array; type?: string; accept?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { "Content-Length": options.body?.length ?? 0 };
    if (options.type !== undefined) headers["Content-Type"] = options.type;
    // docker-registry answers 404 for an OCI manifest that is not asked for by its type.
    if (options.accept !== undefined) headers.Accept = options.accept;
    const request = httpRequest(url, { method, headers, agent }, (response) => {
      response.on("data", () => undefined);
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? "" }),
      );
    });
    request.on("error", reject);
    request.end(options.body);
  });
}

async function expectStatus(answer: Promise<Answer>, status: number): Promise<Answer> {
  const got = await answer;
  if (got.status !== status) throw new Error(`expected ${status}, got ${got.status}`);
  return got;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${Bun.CryptoHasher.hash("sha256", bytes, "hex")}`;
}

/** Stores a blob; its digest. */
export async function pushBlob(url: string, name: string, bytes: Uint8Array): Promise<string> {
  const digest = digestOf(bytes);
  const { location } = await expectStatus(send("POST", `${url}/v2/${name}/blobs/uploads/`), 202);
  const target = new URL(location, url);
  target.searchParams.set("digest", digest);
  await expectStatus(send("PUT", target.href, { body: bytes, type: "application/octet-stream" }), 201);
  return digest;
}

/** Bytes that follow from the seed. */
export function contentOf(seed: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const block = new Uint8Array(Buffer.from(Bun.CryptoHasher.hash("sha512", seed, "hex")));
  for (let offset = 0; offset < sizeBytes; offset += block.length)
    bytes.set(block.subarray(0, sizeBytes - offset), offset);
  return bytes;
}

const imageType = "application/vnd.oci.image.manifest.v1+json";

function manifestOf(
  config: { digest: string; size: number },
  layers: readonly { digest: string; size: number }[],
  note: string,
) {
  const layer = (descriptor: object) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...descriptor });
  const value = {
    schemaVersion: 2,
    mediaType: imageType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: layers.map(layer),
    annotations: { note },
  };
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Runs the work for 0 … count-1, eight at a time. */
async function eightAtOnce(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

const largeBytes = 512 * 1024 * 1024;
const smallBlobs = 1000;
const manifests = 500;
const images = 100;
const largeContent = contentOf("large", largeBytes);

/** The large blob of a round differs in its first bytes. */
function largeOf(round: string): Uint8Array {
  largeContent.set(new TextEncoder().encode(round));
  return largeContent;
}

async function pushImage(url: string, name: string, seed: string): Promise<void> {
  const parts = [contentOf(`${seed} config`, 2000), contentOf(`${seed} a`, 100_000), contentOf(`${seed} b`, 300_000)];
  const descriptors: { digest: string; size: number }[] = [];
  for (const part of parts) descriptors.push({ digest: await pushBlob(url, name, part), size: part.length });
  const [config = { digest: "", size: 0 }, ...layers] = descriptors;
  const body = manifestOf(config, layers, seed);
  await expectStatus(send("PUT", `${url}/v2/${name}/manifests/latest`, { body, type: imageType }), 201);
}

/** In the order in which they run; a pull takes what the push before it left. */
export const workloads: readonly Workload[] = [
  {
    name: "push of one blob of 512 MiB",
    aim: 0.45,
    run: async (url, round) => void (await pushBlob(url, "bench/large", largeOf(round))),
  },
  {
    name: "pull of one blob of 512 MiB",
    aim: undefined,
    run: async (url, round) =>
      void (await expectStatus(send("GET", `${url}/v2/bench/large/blobs/${digestOf(largeOf(round))}`), 200)),
  },
  {
    name: `push of ${smallBlobs} blobs of 4 KiB`,
    aim: 0.05,
    run: (url, round) =>
      eightAtOnce(
        smallBlobs,
        async (index) => void (await pushBlob(url, "bench/small", contentOf(`${round} ${index}`, 4096))),
      ),
  },
  {
    name: `pull of ${smallBlobs} blobs of 4 KiB`,
    aim: undefined,
    run: (url, round) =>
      eightAtOnce(smallBlobs, async (index) => {
        const digest = digestOf(contentOf(`${round} ${index}`, 4096));
        await expectStatus(send("GET", `${url}/v2/bench/small/blobs/${digest}`), 200);
      }),
  },
  {
    name: `push of ${manifests} manifests with a tag`,
    aim: 0.05,
    run: async (url, round) => {
      const config = contentOf("config", 1000);
      const descriptor = { digest: await pushBlob(url, "bench/manifests", config), size: config.length };
      await eightAtOnce(manifests, async (index) => {
        const body = manifestOf(descriptor, [], `${round} ${index}`);
        await expectStatus(
          send("PUT", `${url}/v2/bench/manifests/manifests/v${round}-${index}`, { body, type: imageType }),
          201,
        );
      });
    },
  },
  {
    name: `pull of ${manifests} manifests by tag`,
    aim: undefined,
    run: (url, round) =>
      eightAtOnce(manifests, async (index) => {
        await expectStatus(
          send("GET", `${url}/v2/bench/manifests/manifests/v${round}-${index}`, { accept: imageType }),
          200,
        );
      }),
  },
  {
    name: `push of ${images} images of 400 KB, 8 at once`,
    aim: 0.35,
    run: (url, round) => eightAtOnce(images, (index) => pushImage(url, `bench/image-${index}`, `${round} ${index}`)),
  },
];
