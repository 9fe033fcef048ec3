import { describe, expect, test } from "bun:test";
import { usualPartBytes } from "../../../src/storage/s3/part-plan.ts";
import { contentText } from "../../content-text.ts";
import { bytesOf } from "./bucket.ts";
import { append, begun, uploadKey } from "./uploading.ts";

const key = uploadKey;
const mebibyte = 1024 ** 2;

/** Bytes of which no two kibibytes are the same. */
function pattern(sizeBytes: number): Uint8Array {
  const bytes = Buffer.alloc(sizeBytes, "some bytes that repeat ");
  for (let position = 0; position + 4 <= sizeBytes; position += 1024) bytes.writeUInt32LE(position, position);
  return bytes;
}

describe("an upload", () => {
  test.each([
    ["nothing", []],
    ["a few bytes", [3]],
    ["few bytes from several nodes", [3, 4, 5]],
    ["one part exactly", [usualPartBytes]],
    ["parts and a rest, from several nodes", [3 * mebibyte, 9 * mebibyte, 1, 6 * mebibyte]],
  ])("of %s is what was appended", async (_, sizes) => {
    const nodes = await begun();
    const bytes = pattern(sizes.reduce((total, size) => total + size, 0));
    let position = 0;
    for (const [index, size] of sizes.entries()) {
      await append(nodes, index % 2 === 0 ? nodes.one : nodes.two, bytes.subarray(position, position + size));
      position += size;
      expect(await nodes.one.uploads.size(key)).toBe(position);
    }
    await using upload = await nodes.hold(nodes.two);
    await upload.commit("blobs/a");
    expect(Buffer.from(nodes.engine.objects.get("blobs/a")?.bytes ?? []).equals(bytes)).toBe(true);
    expect([nodes.one.memory.usedBytes, nodes.two.memory.usedBytes, nodes.engine.multiparts.open.size]).toEqual([
      0, 0, 0,
    ]);
  });

  test.each([
    ["what lies beside it is made again", [3, 4], true],
    ["what went to its place at once is not", [], false],
  ])("whose object goes once it is committed: %s", async (_, sizes, isMade) => {
    const nodes = await begun();
    for (const size of sizes) await append(nodes, nodes.one, new Uint8Array(size).fill(65));
    const upload = await nodes.one.uploads.open(key, { target: "blobs/a" });
    if (upload === undefined) throw new Error("it is not there");
    await using held = upload;
    if (!isMade) await held.append([new Uint8Array(3)]);
    await held.commit("blobs/a");
    nodes.engine.objects.remove("blobs/a");
    expect([await held.commitAgain("blobs/a"), nodes.engine.objects.get("blobs/a")?.bytes.length]).toEqual(
      isMade ? [true, 7] : [false, undefined],
    );
  });

  test.each([3, usualPartBytes + 3])(
    "of %p bytes is read once it is sealed, by any node, and takes no more",
    async (sizeBytes) => {
      const nodes = await begun();
      const bytes = new Uint8Array(sizeBytes).fill(65);
      await append(nodes, nodes.one, bytes);
      {
        await using upload = await nodes.hold(nodes.one);
        const content = await upload.content();
        expect((await contentText(content)).length).toBe(sizeBytes);
      }
      await using upload = await nodes.hold(nodes.two);
      const refused = await upload.append([bytesOf("x")]).catch((error: Error) => error.message);
      await upload.commit("blobs/a");
      expect([refused, upload.sizeBytes, nodes.engine.objects.get("blobs/a")?.bytes.length]).toEqual([
        "no bytes can be added any more",
        sizeBytes,
        sizeBytes,
      ]);
    },
  );

  test("keeps a note until there are more bytes", async () => {
    const nodes = await begun();
    {
      await using upload = await nodes.hold(nodes.one);
      await upload.append([bytesOf("x")]);
      upload.keep("hash of x");
    }
    const notes: unknown[] = [];
    {
      await using upload = await nodes.hold(nodes.two);
      notes.push(upload.note);
      await upload.append([bytesOf("y")]);
      notes.push(upload.note);
    }
    await using upload = await nodes.hold(nodes.two);
    expect([...notes, upload.note, upload.sizeBytes]).toEqual(["hash of x", undefined, undefined, 2]);
  });

  test.each([1, usualPartBytes + 1])(
    "that two nodes go on with is the one's or the other's (%p bytes)",
    async (sizeBytes) => {
      const nodes = await begun();
      await append(nodes, nodes.one, bytesOf("begin "));
      const [first, second] = [await nodes.hold(nodes.one), await nodes.hold(nodes.two)];
      await first.append([new Uint8Array(sizeBytes).fill(65)]);
      await second.append([new Uint8Array(sizeBytes).fill(66)]);
      await first[Symbol.asyncDispose]();
      const failure = await second[Symbol.asyncDispose]().catch((error: Error) => error.name);
      const outcome = await (async () => {
        await using upload = await nodes.hold(nodes.one);
        await upload.commit("blobs/a");
        return "committed";
      })().catch((error: Error) => error.name);
      const text = nodes.engine.text("blobs/a");
      const isWhole = text === undefined || text === `begin ${"A".repeat(sizeBytes)}`;
      expect([failure, isWhole, outcome === "committed" || outcome === "UploadMoved"]).toEqual([
        "UploadMoved",
        true,
        true,
      ]);
      expect([nodes.one.memory.usedBytes, nodes.two.memory.usedBytes]).toEqual([0, 0]);
    },
  );

  test("whose part failed goes on from the last byte that arrived", async () => {
    const nodes = await begun();
    nodes.engine.fault = ({ query, method }) =>
      query.get("partNumber") === "2" && method === "PUT"
        ? { kind: "refused", status: 403, code: "AccessDenied" }
        : undefined;
    const failure = await append(nodes, nodes.one, pattern(3 * usualPartBytes)).catch((error: Error) => error.name);
    nodes.engine.fault = () => undefined;
    const arrived = await nodes.two.uploads.size(key);
    await append(nodes, nodes.two, pattern(3 * usualPartBytes).subarray(arrived));
    await using upload = await nodes.hold(nodes.one);
    await upload.commit("blobs/a");
    expect([
      failure,
      arrived,
      Buffer.from(nodes.engine.objects.get("blobs/a")?.bytes ?? []).equals(pattern(3 * usualPartBytes)),
    ]).toEqual(["S3Failure", usualPartBytes, true]);
  });

  test("is put together although the node died before it could say so", async () => {
    const nodes = await begun();
    await append(nodes, nodes.one, new Uint8Array(usualPartBytes + 1));
    const dying = await nodes.hold(nodes.one);
    await dying.content();
    await using upload = await nodes.hold(nodes.two);
    await upload.commit("blobs/a");
    expect(nodes.engine.objects.get("blobs/a")?.bytes.length).toBe(usualPartBytes + 1);
  });
});

describe("what earlier requests brought", () => {
  test("is still there after a node that died in a later one", async () => {
    const nodes = await begun();
    await append(nodes, nodes.one, bytesOf("kept "));
    const dying = await nodes.hold(nodes.two);
    await dying.append([bytesOf("lost")]);
    await append(nodes, nodes.one, bytesOf("and more"));
    await using upload = await nodes.hold(nodes.one);
    await upload.commit("blobs/a");
    expect(nodes.engine.text("blobs/a")).toBe("kept and more");
  });

  test("is still there after a part that failed", async () => {
    const nodes = await begun();
    await append(nodes, nodes.one, bytesOf("kept "));
    nodes.engine.fault = ({ query }) =>
      query.has("partNumber") ? { kind: "refused", status: 403, code: "AccessDenied" } : undefined;
    const failure = await append(nodes, nodes.one, new Uint8Array(usualPartBytes)).catch((error: Error) => error.name);
    nodes.engine.fault = () => undefined;
    const arrived = await nodes.two.uploads.size(key);
    await append(nodes, nodes.two, bytesOf("and more"));
    await using upload = await nodes.hold(nodes.one);
    await upload.commit("blobs/a");
    expect([failure, arrived, nodes.engine.text("blobs/a")]).toEqual(["S3Failure", 5, "kept and more"]);
  });

  test("is not replaced by another node that seals the same upload", async () => {
    const nodes = await begun();
    await append(nodes, nodes.one, bytesOf("same "));
    const [first, second] = [await nodes.hold(nodes.one), await nodes.hold(nodes.two)];
    await first.append([bytesOf("one's")]);
    await second.append([bytesOf("two's")]);
    const content = await first.content();
    await second.content();
    const text = await contentText(content);
    await first.commit("blobs/a");
    const failure = await second[Symbol.asyncDispose]().catch((error: Error) => error.name);
    await first[Symbol.asyncDispose]();
    expect([text, nodes.engine.text("blobs/a"), failure]).toEqual(["same one's", "same one's", undefined]);
  });
});

describe("an upload whose target is known", () => {
  test.each([0, 5, usualPartBytes, 2 * usualPartBytes + 5])(
    "goes there at once (%p bytes), and nothing is copied",
    async (sizeBytes) => {
      const nodes = await begun();
      await using upload = await nodes.hold(nodes.one, { target: "blobs/a" });
      await upload.append([pattern(sizeBytes)]);
      await upload.commit("blobs/a");
      const copies = nodes.engine.requests.filter(({ headers }) => headers.has("x-amz-copy-source"));
      expect([
        Buffer.from(nodes.engine.objects.get("blobs/a")?.bytes ?? []).equals(pattern(sizeBytes)),
        copies.length,
      ]).toEqual([true, 0]);
    },
  );

  test("is as if it had not been when it is not committed", async () => {
    const nodes = await begun();
    {
      await using upload = await nodes.hold(nodes.one, { target: "blobs/a" });
      await upload.append([new Uint8Array(usualPartBytes + 5)]);
    }
    expect([
      nodes.engine.multiparts.open.size,
      nodes.engine.keys(),
      await nodes.two.uploads.size(key),
      nodes.one.memory.usedBytes,
    ]).toEqual([0, ["_uploads/1/session"], 0, 0]);
  });

  test("goes nowhere else, and is no target for bytes that came before", async () => {
    const nodes = await begun();
    await using upload = await nodes.hold(nodes.one, { target: "blobs/a" });
    const refused = await upload.commit("blobs/b").catch((error: Error) => error.message);
    await append(nodes, nodes.one, bytesOf("before "));
    await using later = await nodes.hold(nodes.two, { target: "blobs/a" });
    await later.append([bytesOf("after")]);
    await later.commit("blobs/b");
    expect([refused, nodes.engine.text("blobs/b")]).toEqual(["the bytes went to blobs/a", "before after"]);
  });
});

test("an upload that stands still gives its memory to others, and goes on later", async () => {
  const nodes = await begun();
  const { memory } = nodes.one;
  await using upload = await nodes.hold(nodes.one);
  await upload.append([bytesOf("one ")]);
  const others = [
    await memory.take(usualPartBytes),
    await memory.take(usualPartBytes),
    await memory.take(usualPartBytes),
  ];
  // Waits until the upload has put its bytes aside.
  others.push(await memory.take(usualPartBytes));
  const aside = nodes.engine
    .keys()
    .filter((each) => each.startsWith("_uploads/1/tail-"))
    .map((each) => nodes.engine.text(each));
  for (const buffer of others) memory.put(buffer);
  await upload.append([bytesOf("two")]);
  await upload.commit("blobs/a");
  expect([aside, nodes.engine.text("blobs/a")]).toEqual([["one "], "one two"]);
}, 20_000);
