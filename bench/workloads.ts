// What is measured: each workload runs against a registry and is timed as a whole. What it sends is made before.
import { type Answer, type Ask, type Connection, connect } from "./client.ts";

/** One thing to do, `round` times anew with other content. */
export interface Workload {
  readonly name: string;
  /** How many times the peer's time this may take, as an aim. */
  readonly aim: number | undefined;
  /** Makes the contents of a round and returns what is to be timed, for each registry alike. */
  readonly prepare: (round: string) => (url: string) => Promise<void>;
}

interface Content {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

const imageType = "application/vnd.oci.image.manifest.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

const largeBytes = 512 * 1024 * 1024;
const smallBlobs = 1000;
const manifests = 500;
const images = 100;
const connections = 8;

async function expectStatus(connection: Connection, ask: Ask, status: number): Promise<Answer> {
  const got = await connection.send(ask);
  if (got.status !== status) throw new Error(`${ask.method} ${ask.target}: expected ${status}, got ${got.status}`);
  return got;
}

/** Stores a blob in two requests, as clients do. */
async function push(connection: Connection, name: string, { bytes, digest }: Content): Promise<void> {
  const { location } = await expectStatus(connection, { method: "POST", target: `/v2/${name}/blobs/uploads/` }, 202);
  // Absolute from docker-registry, relative from ours.
  const target = location.replace(/^https?:\/\/[^/]+/, "");
  const query = `${target.includes("?") ? "&" : "?"}digest=${digest}`;
  const type = "application/octet-stream";
  await expectStatus(connection, { method: "PUT", target: target + query, body: bytes, type }, 201);
}

async function putManifest(connection: Connection, path: string, body: Uint8Array): Promise<void> {
  await expectStatus(connection, { method: "PUT", target: `/v2/${path}`, body, type: imageType }, 201);
}

/** Runs the work for 0 … count-1, on eight connections. */
async function onEight(url: string, count: number, work: (connection: Connection, index: number) => Promise<void>) {
  let next = 0;
  const worker = async () => {
    using connection = await connect(url);
    while (next < count) await work(connection, next++);
  };
  await Promise.all(Array.from({ length: connections }, worker));
}

async function onOne(url: string, work: (connection: Connection) => Promise<unknown>): Promise<void> {
  using connection = await connect(url);
  await work(connection);
}

/** Bytes of this size, which follow from the seed. */
export function contentOf(seed: string, sizeBytes: number): Content {
  const bytes = new Uint8Array(sizeBytes);
  const block = new Uint8Array(Buffer.from(Bun.CryptoHasher.hash("sha512", seed, "hex")));
  for (let offset = 0; offset < sizeBytes; offset += block.length)
    bytes.set(block.subarray(0, sizeBytes - offset), offset);
  return { bytes, digest: `sha256:${Bun.CryptoHasher.hash("sha256", bytes, "hex")}` };
}

function manifestOf(config: Content, layers: readonly Content[], note: string): Uint8Array {
  const describe = (mediaType: string) => (content: Content) => ({
    mediaType,
    digest: content.digest,
    size: content.bytes.length,
  });
  const value = {
    schemaVersion: 2,
    mediaType: imageType,
    config: describe(configType)(config),
    layers: layers.map(describe(layerType)),
    annotations: { note },
  };
  return new TextEncoder().encode(JSON.stringify(value));
}

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** The large blob of a round differs in its first bytes; one is kept, for its size. */
const large = new Map<string, Content>();
function largeOf(round: string): Content {
  const known = large.get(round);
  if (known !== undefined) return known;
  large.clear();
  const made = contentOf(`large ${round}`, largeBytes);
  large.set(round, made);
  return made;
}

/** In the order in which they run; a pull takes what the push before it left. */
export const workloads: readonly Workload[] = [
  {
    name: "push of one blob of 512 MiB",
    aim: 0.45,
    prepare: (round) => {
      const content = largeOf(round);
      return (url) => onOne(url, (connection) => push(connection, "bench/large", content));
    },
  },
  {
    name: "pull of one blob of 512 MiB",
    aim: undefined,
    prepare: (round) => {
      const target = `/v2/bench/large/blobs/${largeOf(round).digest}`;
      return (url) => onOne(url, (connection) => expectStatus(connection, { method: "GET", target }, 200));
    },
  },
  {
    name: `push of ${smallBlobs} blobs of 4 KiB`,
    aim: 0.05,
    prepare: (round) => {
      const contents = times(smallBlobs, (index) => contentOf(`${round} ${index}`, 4096));
      return (url) =>
        onEight(url, smallBlobs, (connection, index) =>
          push(connection, "bench/small", contents[index] ?? contentOf("", 0)),
        );
    },
  },
  {
    name: `pull of ${smallBlobs} blobs of 4 KiB`,
    aim: undefined,
    prepare: (round) => {
      const digests = times(smallBlobs, (index) => contentOf(`${round} ${index}`, 4096).digest);
      return (url) =>
        onEight(url, smallBlobs, async (connection, index) => {
          await expectStatus(connection, { method: "GET", target: `/v2/bench/small/blobs/${digests[index]}` }, 200);
        });
    },
  },
  {
    name: `push of ${manifests} manifests with a tag`,
    aim: 0.05,
    prepare: (round) => {
      const config = contentOf("config", 1000);
      const bodies = times(manifests, (index) => manifestOf(config, [], `${round} ${index}`));
      return async (url) => {
        await onOne(url, (connection) => push(connection, "bench/manifests", config));
        await onEight(url, manifests, (connection, index) =>
          putManifest(connection, `bench/manifests/manifests/v${round}-${index}`, bodies[index] ?? new Uint8Array()),
        );
      };
    },
  },
  {
    name: `pull of ${manifests} manifests by tag`,
    aim: undefined,
    prepare: (round) => (url) =>
      onEight(url, manifests, async (connection, index) => {
        const target = `/v2/bench/manifests/manifests/v${round}-${index}`;
        await expectStatus(connection, { method: "GET", target, accept: imageType }, 200);
      }),
  },
  {
    name: `push of ${images} images of 400 KB, 8 at once`,
    aim: 0.35,
    prepare: (round) => {
      const made = times(images, (index) => {
        const seed = `${round} ${index}`;
        const [config, ...layers] = [
          contentOf(`${seed} config`, 2000),
          contentOf(`${seed} a`, 100_000),
          contentOf(`${seed} b`, 300_000),
        ];
        return { blobs: [config, ...layers], manifest: manifestOf(config ?? contentOf("", 0), layers, seed) };
      });
      return (url) =>
        onEight(url, images, async (connection, index) => {
          const image = made[index];
          for (const blob of image?.blobs ?? [])
            if (blob !== undefined) await push(connection, `bench/image-${index}`, blob);
          await putManifest(connection, `bench/image-${index}/manifests/latest`, image?.manifest ?? new Uint8Array());
        });
    },
  },
];

/** Stores a blob; its digest. */
export async function pushBlob(url: string, name: string, content: Content): Promise<string> {
  await onOne(url, (connection) => push(connection, name, content));
  return content.digest;
}
