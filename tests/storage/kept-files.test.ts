import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Content, contentOf, readContent } from "../../src/lib/content.ts";
import { KeptFiles } from "../../src/storage/kept-files.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const home = temporaryDirectory();
afterAll(() => home[Symbol.dispose]());

/** Processes on one directory, and how often they read from where copies come. */
function keeper({ maxBytes = 1_000_000 }: { readonly maxBytes?: number } = {}) {
  const directory = join(home.path, crypto.randomUUID());
  const problems: string[] = [];
  const clock = { nowMs: Date.now() };
  const open = () =>
    new KeptFiles({ directory, maxBytes, now: () => clock.nowMs, report: (problem) => problems.push(problem) });
  return { directory, problems, clock, open, files: open() };
}

function sourceOf(text: string, { name = Bun.hash(text).toString(16).padStart(16, "0"), sent = text } = {}) {
  const reads: string[] = [];
  const content = counted(contentOf(new Blob([sent])), reads);
  const startCheck = () => {
    const hash = new Bun.CryptoHasher("sha256");
    const want = Bun.CryptoHasher.hash("sha256", text, "hex");
    return {
      update: (bytes: Uint8Array) => void hash.update(bytes),
      isRight: () => hash.copy().digest("hex") === want,
    };
  };
  return { source: { name, content, startCheck }, reads, name };
}

function counted(content: Content, reads: string[]): Content {
  return {
    sizeBytes: content.sizeBytes,
    stream: async function* () {
      reads.push("stream");
      yield* content.stream();
    },
    slice: (start, end) => counted(content.slice(start, end), reads),
    body: () => content.body(),
  };
}

async function textOf(content: Content): Promise<string> {
  return new TextDecoder().decode(await readContent(content));
}

async function untilKept(directory: string, name: string): Promise<void> {
  while (!existsSync(join(directory, name.slice(0, 2), name))) await Bun.sleep(1);
}

test("what is read once comes from the copy after that, in every process", async () => {
  const { files, open, directory } = keeper();
  const { source, reads, name } = sourceOf("layer");
  const first = await textOf(await files.read(source));
  await untilKept(directory, name);
  const again = await files.read(source);
  const elsewhere = await open().read(source);
  expect([first, await textOf(again), await textOf(elsewhere.slice(1, 3)), reads]).toEqual([
    "layer",
    "layer",
    "ay",
    ["stream"],
  ]);
  expect(again.body()).toBeInstanceOf(Blob);
});

test("of several readers at once, one reads from where it comes", async () => {
  const { files } = keeper();
  const { source, reads } = sourceOf("x".repeat(100_000));
  const contents = await Promise.all(Array.from({ length: 20 }, () => files.read(source)));
  const texts = await Promise.all(contents.map(textOf));
  expect([new Set(texts).size, texts[0]?.length, reads]).toEqual([1, 100_000, ["stream"]]);
});

test("a copy that was damaged is made anew", async () => {
  const { files, open, directory, problems } = keeper();
  const { source, reads, name } = sourceOf("right");
  await textOf(await files.read(source));
  await untilKept(directory, name);
  writeFileSync(join(directory, name.slice(0, 2), name), "wrong");
  const other = open();
  expect(await textOf(await other.read(source))).toBe("right");
  expect([reads.length, problems]).toEqual([2, [expect.stringContaining("is damaged, and is made anew")]]);
});

test("bytes that are wrong are no copy", async () => {
  const { files, directory, problems } = keeper();
  const { source, name } = sourceOf("right", { sent: "wrong" });
  await textOf(await files.read(source));
  while (problems.length === 0) await Bun.sleep(1);
  expect([problems, existsSync(join(directory, name.slice(0, 2), name))]).toEqual([
    [`a copy of ${name} could not be made: the bytes are wrong`],
    false,
  ]);
  while (readdirSync(join(directory, "new")).length > 0) await Bun.sleep(1);
});

test("what would take a large part of the room is not kept", async () => {
  const { files, directory } = keeper({ maxBytes: 1000 });
  const { source, reads } = sourceOf("x".repeat(251));
  await textOf(await files.read(source));
  await textOf(await files.read(source));
  expect([reads.length, readdirSync(join(directory, "new"))]).toEqual([2, []]);
});

test("what is being copied at once takes no more than a part of the room", async () => {
  const { files } = keeper({ maxBytes: 1000 });
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const sources = ["a", "b", "c"].map((letter) => {
    const { source } = sourceOf(letter.repeat(100));
    const stored = source.content.stream.bind(source.content);
    const stream = async function* () {
      await begun;
      yield* stored();
    };
    return Object.assign(source, { content: Object.assign(source.content, { stream }) });
  });
  const contents = await Promise.all(sources.map((source) => files.read(source)));
  begin();
  expect(contents.filter((content, index) => content === sources[index]?.content)).toHaveLength(1);
  for (const content of contents) expect((await textOf(content)).length).toBe(100);
});

test("a copy that cannot be read is said, and the content is read where it comes from", async () => {
  const { files, open, directory, problems } = keeper();
  const { source, reads, name } = sourceOf("text");
  await textOf(await files.read(source));
  await untilKept(directory, name);
  const place = join(directory, name.slice(0, 2), name);
  rmSync(place);
  mkdirSync(place);
  Object.assign(source.content, { sizeBytes: statSync(place).size });
  expect(await textOf(await open().read(source))).toBe("text");
  expect([reads.length > 1, problems[0]]).toEqual([true, expect.stringContaining("a copy cannot be read: ")]);
});

test("what is no copy stays, whatever room it takes", async () => {
  const { files, directory, problems } = keeper({ maxBytes: 1000 });
  const strangers = ["go/notes.txt", "ab/cdef0123456789abcdef", "ab", "zz"].map((name) => join(directory, name));
  mkdirSync(join(directory, "go"));
  mkdirSync(join(directory, "ab"));
  for (const path of [strangers[0], strangers[1], strangers[3]]) writeFileSync(path ?? "", "x".repeat(2000));
  const { source, name } = sourceOf("text");
  await textOf(await files.read(source));
  await untilKept(directory, name);
  await Bun.sleep(20);
  expect([strangers.filter((path) => !existsSync(path)), problems]).toEqual([[], []]);
});

test("the copies that were not used for the longest time go, and there are never more than fit", async () => {
  const { files, directory, clock } = keeper({ maxBytes: 1000 });
  const sources = Array.from({ length: 30 }, (_, index) => sourceOf(`${index}`.padEnd(100, "-")));
  for (const { source, name } of sources) {
    clock.nowMs += 120_000;
    await textOf(await files.read(source));
    await untilKept(directory, name);
    await textOf(await files.read(sources[0]?.source ?? source));
  }
  const names = () => readdirSync(directory).flatMap((place) => readdirSync(join(directory, place)));
  while (names().length > 9) await Bun.sleep(1);
  expect([names().includes(sources[0]?.name ?? ""), names().includes(sources.at(-1)?.name ?? "")]).toEqual([
    true,
    true,
  ]);
});

test("what a process that died was making goes after a day", async () => {
  const { open, directory, clock } = keeper();
  const left = join(directory, "new", "left");
  writeFileSync(left, "x");
  utimesSync(left, clock.nowMs / 1000 - 90_000, clock.nowMs / 1000 - 90_000);
  await textOf(await open().read(sourceOf("any").source));
  while (existsSync(left)) await Bun.sleep(1);
  expect(statSync(join(directory, "new")).mode & 0o777).toBe(0o700);
});

test("a disk that takes nothing is told, and everything is read all the same", async () => {
  const { directory, problems, clock } = keeper();
  const files = new KeptFiles({
    directory,
    maxBytes: 1000,
    now: () => clock.nowMs,
    report: (text) => problems.push(text),
  });
  const { source } = sourceOf("text");
  const place = join(directory, "new");
  rmdirSync(place);
  expect(await textOf(await files.read(source))).toBe("text");
  expect(problems).toEqual([expect.stringContaining("nothing can be kept in")]);
  mkdirSync(place);
});
