// Writes a tar archive file by file, in constant memory. The same files make the same archive.
import { Header } from "tar/header";
import { Pax } from "tar/pax";

/** Takes the bytes of an archive, in order. */
export interface TarSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** A file of the archive. */
export interface TarEntry {
  readonly path: string;
  readonly sizeBytes: number;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const blockBytes = 512;
const batchBytes = 1024 * 1024;
const modeOfFiles = 0o644;
const epoch = new Date(0);

/** An archive being written. */
export class TarWriter {
  readonly #sink: TarSink;
  #batch: Uint8Array[] = [];
  #batchedBytes = 0;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** Adds a file, whose chunks have to be as many bytes as it says. */
  async add({ path, sizeBytes, chunks }: TarEntry): Promise<void> {
    const described = { path, size: sizeBytes, mode: modeOfFiles, uid: 0, gid: 0, mtime: epoch };
    const header = new Header({ ...described, type: "File" });
    // A size of 8 GiB or a long path does not fit into the header itself.
    if (header.encode()) await this.#put(new Pax({ path, size: sizeBytes, mtime: epoch }).encode());
    await this.#put(header.block ?? new Uint8Array(blockBytes));
    let written = 0;
    for await (const chunk of chunks) {
      written += chunk.length;
      await this.#put(chunk);
    }
    if (written !== sizeBytes) throw new TypeError(`${path} has ${written} instead of ${sizeBytes} bytes`);
    await this.#put(new Uint8Array((blockBytes - (sizeBytes % blockBytes)) % blockBytes));
  }

  /** Ends the archive. */
  async end(): Promise<void> {
    await this.#put(new Uint8Array(2 * blockBytes));
    await this.#flush();
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#batch.push(bytes);
    this.#batchedBytes += bytes.length;
    if (this.#batchedBytes >= batchBytes) await this.#flush();
  }

  async #flush(): Promise<void> {
    const together = Buffer.concat(this.#batch);
    this.#batch = [];
    this.#batchedBytes = 0;
    if (together.length > 0) await this.#sink.write(together);
  }
}
