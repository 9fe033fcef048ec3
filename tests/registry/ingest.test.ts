import { describe, expect, test } from "bun:test";
import { contentOf } from "../../src/lib/content.ts";
import { startHash } from "../../src/oci/hash.ts";
import { appendAll, commitBlob, digestAll, hashStored } from "../../src/registry/ingest.ts";
import { blobKey } from "../../src/registry/layout.ts";
import type { Upload } from "../../src/storage/ports.ts";
import { contentText } from "../content-text.ts";
import { digestOf, utf8 } from "./stocked.ts";

const megabyte = 1024 * 1024;

/** An upload that notes what is appended; `append` may wait or fail. */
function noting(append: (sizeBytes: number) => Promise<void> = async () => undefined) {
  const appended: number[] = [];
  const pieces: Uint8Array[] = [];
  const upload: Upload = {
    identity: "1",
    get sizeBytes() {
      return pieces.reduce((sum, piece) => sum + piece.length, 0);
    },
    append: async (more) => {
      const sizeBytes = more.reduce((sum, piece) => sum + piece.length, 0);
      await append(sizeBytes);
      appended.push(sizeBytes);
      pieces.push(...more.map((piece) => piece.slice()));
    },
    isRemembered: () => true,
    note: undefined as string | undefined,
    keep: () => undefined,
    content: async () => contentOf(new Blob(pieces as Uint8Array<ArrayBuffer>[])),
    commit: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { upload, appended };
}

async function* chunksOf(...chunks: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield chunk;
  }
}

describe("appendAll()", () => {
  test("appends and hashes everything in its order", async () => {
    const { upload } = noting();
    const hash = startHash("sha256");
    await appendAll(upload, chunksOf(utf8("one "), utf8(""), utf8("two "), utf8("three")), hash);
    expect([await contentText(await upload.content()), hash.digest(), hash.sizeBytes]).toEqual([
      "one two three",
      digestOf("one two three"),
      13,
    ]);
  });

  test("keeps small and large chunks in their order", async () => {
    const { upload } = noting();
    const text = Array.from({ length: 9000 }, (_, index) => `${index} `.repeat(index % 1000 === 7 ? 400 : 1));
    const hash = startHash("sha256");
    await appendAll(upload, chunksOf(...text.map(utf8)), hash);
    expect([await contentText(await upload.content()), hash.digest()]).toEqual([
      text.join(""),
      digestOf(text.join("")),
    ]);
  });

  test("holds the bytes of small chunks rather than the chunks", async () => {
    let count = 0;
    const { upload, appended } = noting();
    const append = upload.append;
    await appendAll(
      Object.assign(upload, {
        append: (pieces: readonly Uint8Array[]) => {
          count += pieces.length;
          return append(pieces);
        },
      }),
      chunksOf(...Array.from({ length: 100_000 }, () => utf8("x"))),
      undefined,
    );
    expect([count < 20, appended]).toEqual([true, [100_000]]);
  });

  test("gives the memory of chunks back when they are written, small ones at once, whatever comes of it", async () => {
    const held: number[] = [];
    const [large, small] = [new Uint8Array(2 * megabyte), utf8("small")];
    const { upload } = noting(async () => {
      held.push(large.length, small.length);
      throw new Error("full");
    });
    await expect(appendAll(upload, chunksOf(small, large), undefined)).rejects.toThrow("full");
    expect([held, large.length]).toEqual([[2 * megabyte, 0], 0]);
  });

  test("appends nothing where nothing comes, and needs no hash", async () => {
    const { upload } = noting();
    await appendAll(upload, chunksOf(), undefined);
    expect(upload.sizeBytes).toBe(0);
  });

  test("gathers small chunks, and never holds much more than a megabyte", async () => {
    const { upload, appended } = noting();
    const chunks = Array.from({ length: 40 }, () => new Uint8Array(64 * 1024));
    await appendAll(upload, chunksOf(...chunks), startHash("sha256"));
    expect(appended).toEqual([megabyte, megabyte, megabyte / 2]);
  });

  test("receives the next piece while one is written, but not the one after that", async () => {
    const order: string[] = [];
    let finish: (() => void) | undefined;
    const { upload } = noting(async () => {
      order.push("write");
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    const step = async () => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    const chunks = async function* () {
      for (const name of ["1", "2", "3"]) {
        order.push(`give ${name}`);
        yield new Uint8Array(megabyte);
      }
    };
    const working = appendAll(upload, chunks(), undefined);
    await step();
    const before = [...order];
    for (let turn = 0; turn < 4; turn += 1) {
      finish?.();
      await step();
    }
    await working;
    expect([before, upload.sizeBytes]).toEqual([["give 1", "write", "give 2"], 3 * megabyte]);
  });

  test("appends what came before the chunks break off, and throws their error", async () => {
    const { upload } = noting();
    const hash = startHash("sha256");
    const working = appendAll(upload, chunksOf(utf8("some"), new Error("gone")), hash);
    await expect(working).rejects.toThrow("gone");
    expect([await contentText(await upload.content()), hash.sizeBytes]).toEqual(["some", 4]);
  });

  test("throws what the writing throws, once, and takes no more chunks for long", async () => {
    const { upload } = noting(() => Promise.reject(new Error("full")));
    let given = 0;
    const chunks = async function* () {
      for (; given < 100; given += 1) yield new Uint8Array(megabyte);
    };
    await expect(appendAll(upload, chunks(), undefined)).rejects.toThrow("full");
    expect([upload.sizeBytes, given < 5]).toEqual([0, true]);
  });
});

test("hashStored() goes on with a hash", async () => {
  const hash = startHash("sha256");
  hash.update(utf8("one "));
  await hashStored(contentOf(new Blob([utf8("two "), utf8("three")])), hash);
  expect(hash.digest()).toBe(digestOf("one two three"));
});

describe("digestAll()", () => {
  test("trusts a running hash that has seen just these bytes, and reads them again otherwise", async () => {
    const { upload } = noting();
    const seen = startHash("sha256");
    await appendAll(upload, chunksOf(utf8("one two")), seen);
    let reads = 0;
    const content = upload.content;
    const counting = async () => {
      reads += 1;
      return await content();
    };
    Object.assign(upload, { content: counting });
    const digests: unknown[] = [];
    for (const running of [seen, startHash("sha256"), undefined]) {
      digests.push(await digestAll(upload, running, "sha256"), reads);
    }
    const right = digestOf("one two");
    expect(digests).toEqual([right, 0, right, 1, right, 2]);
    expect(await digestAll(upload, seen, "sha512")).toStartWith("sha512:");
  });

  test("trusts what was kept about just these bytes, if it is of the algorithm", async () => {
    const { upload } = noting();
    await appendAll(upload, chunksOf(utf8("bytes")), undefined);
    const kept = digestOf("as another node found them");
    const digests = [await digestAll(Object.assign(upload, { note: kept }), undefined, "sha256")];
    digests.push(await digestAll(upload, undefined, "sha512"));
    digests.push(await digestAll(Object.assign(upload, { note: "nonsense" }), undefined, "sha256"));
    expect(digests).toEqual([kept, expect.stringContaining("sha512:"), digestOf("bytes")]);
  });
});

describe("commitBlob()", () => {
  test("puts bytes under their own digest, and under no other", async () => {
    const { upload } = noting();
    const places: string[] = [];
    Object.assign(upload, { commit: async (to: string) => void places.push(to) });
    const actual = digestOf("bytes");
    await expect(commitBlob(upload, { digest: digestOf("other bytes"), actual: actual })).rejects.toThrow(
      "the bytes are not sha256:",
    );
    await commitBlob(upload, { digest: actual, actual: actual });
    expect(places).toEqual([blobKey(actual)]);
  });
});
