// Uploads in memory.
import type { Key, OpenUploadOptions, Upload, Uploads } from "../../src/storage/ports.ts";
import { UploadClaims } from "../../src/storage/upload-claims.ts";
import { holdObject, parentOf } from "./memory-object.ts";
import type { MemoryTree } from "./memory-tree.ts";

export class MemoryUploads implements Uploads {
  readonly #tree: MemoryTree;
  readonly #claims = new UploadClaims();

  constructor(tree: MemoryTree) {
    this.#tree = tree;
  }

  async create(key: Key, beside: Readonly<Record<string, string>> = {}): Promise<void> {
    for (const [name, content] of Object.entries(beside))
      this.#tree.put(`${parentOf(key)}/${name}`, new TextEncoder().encode(content));
    this.#tree.put(key, new Uint8Array());
  }

  async protect(): Promise<void> {}

  async size(key: Key): Promise<number | undefined> {
    return this.#tree.objects.get(key)?.bytes.length;
  }

  async changedMs(key: Key): Promise<number | undefined> {
    return this.#tree.objects.get(key)?.changedMs ?? this.#tree.prefixes.get(parentOf(key));
  }

  async discard(key: Key): Promise<void> {
    this.#tree.remove(parentOf(key));
  }

  async cancel(key: Key): Promise<void> {
    this.#tree.remove(parentOf(key));
  }

  async open(key: Key, options: OpenUploadOptions): Promise<Upload | "busy" | undefined> {
    const { objects, now } = this.#tree;
    if (!objects.has(key)) return undefined;
    if (!(await this.#claims.claim(key, options, () => true))) return "busy";
    const object = objects.get(key);
    const release = () => this.#claims.release(key, options.preempted);
    if (object !== undefined) return holdObject(object, { now, move: (to) => this.#tree.move(key, to), release });
    release();
    return undefined;
  }
}
