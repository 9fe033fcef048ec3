import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../../src/lib/system-error.ts";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { FileTrash } from "../../src/storage/file-trash.ts";
import { FileUploads } from "../../src/storage/file-uploads.ts";
import { openFilesystem } from "../../src/storage/filesystem.ts";
import { KeyPaths } from "../../src/storage/key-paths.ts";
import type { Upload } from "../../src/storage/ports.ts";
import { contentText } from "../content-text.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { withoutRoot } from "../without-root.ts";
import { importFrom, startChild } from "./child.ts";
import { describeOnDisk } from "./contract.ts";
import { describeExclusiveUploads, describeUploads } from "./contract-uploads.ts";
import { bytesOf, holdUpload, removeOnceMade, take } from "./store-access.ts";
import { sharedDisk } from "./test-store.ts";

describeOnDisk(describeUploads);
describeOnDisk(describeExclusiveUploads);

const disk = sharedDisk({ isDurable: true });
afterAll(() => disk[Symbol.dispose]());

const key = "docker/a/_uploads/1/data";
const target = "docker/blobs/ab/data";
const beside = { startedat: "2026-01-02T03:04:05Z" };
const ask = (waitMs: number) => ({ waitMs, preempted: new AbortController() });

/** A script that holds the upload, appends to it, and keeps it. */
function holderOf(root: string): string {
  return `${importFrom("openFilesystem", "storage/filesystem.ts")}
    const { driver } = await openFilesystem({ root: ${JSON.stringify(root)}, isDurable: true });
    const upload = await driver.uploads.open("${key}", { waitMs: 60_000, preempted: new AbortController() });
    await upload.append([new TextEncoder().encode("from the child")]);
    console.log(upload.sizeBytes);
    setInterval(() => upload.sizeBytes, 1000);`;
}

test("bytes are for the owner alone until they are committed, and then for everybody whom the umask lets in", async () => {
  using store = await disk.open();
  const shared = 0o666 & ~process.umask();
  const modeOf = (path: string) => statSync(join(store.root, path)).mode & 0o777;
  const sessionModes = () => [dirname(key), key].map(modeOf);
  await store.driver.uploads.create(key, beside);
  const begun = sessionModes();
  // As an older version began it.
  chmodSync(join(store.root, dirname(key)), 0o755);
  chmodSync(join(store.root, key), 0o644);
  await store.driver.uploads.protect(key);
  const mended = sessionModes();
  const beside644 = modeOf(`${dirname(key)}/startedat`);
  {
    await using upload = await holdUpload(store.driver, key);
    await upload.append([bytesOf("x")]);
    await upload.commit(target);
  }
  await store.driver.objects.put("docker/a/link", bytesOf("x"));
  expect([begun, mended, beside644, modeOf(target), modeOf("docker/a/link")]).toEqual([
    [0o700, 0o600],
    [0o700, 0o600],
    0o600,
    shared,
    shared,
  ]);
});

test("protecting an upload that is gone does nothing", async () => {
  using store = await disk.open();
  expect(await store.driver.uploads.protect("docker/a/_uploads/none/data")).toBeUndefined();
});

test("a process that is killed lets go of its upload, and what it has written stays", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  await using child = startChild(holderOf(store.root));
  const written = await child.line();
  const meanwhile = await store.driver.uploads.open(key, ask(20));
  const waiting = store.driver.uploads.open(key, ask(4000));
  await child.kill();
  await using upload = (await waiting) as Upload;
  await upload.append([bytesOf(", and from here")]);
  await upload.commit(target);
  expect([written, meanwhile, await take(store.driver, target)]).toEqual([
    "14",
    "busy",
    "from the child, and from here",
  ]);
});

test("a holder in another process is not asked to let go", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  const preempted = new AbortController();
  await using _held = await holdUpload(store.driver, key, preempted);
  expect([await store.other.uploads.open(key, ask(20)), preempted.signal.aborted]).toEqual(["busy", false]);
});

test("who gets hold of an upload whose session was moved away finds none", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  const holder = await holdUpload(store.driver, key);
  const waiting = store.other.uploads.open(key, ask(4000));
  await store.driver.trash.discard(dirname(key), "uploads/1");
  await holder[Symbol.asyncDispose]();
  expect(await waiting).toBeUndefined();
});

test("who gets hold of an upload whose file is another one now finds none", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  const holder = await holdUpload(store.driver, key);
  const waiting = store.other.uploads.open(key, ask(4000));
  const path = join(store.root, key);
  renameSync(path, `${path}.old`);
  writeFileSync(path, "another");
  await holder[Symbol.asyncDispose]();
  const first = await waiting;
  await using again = await holdUpload(store.other, key);
  expect([first, again.sizeBytes]).toEqual([undefined, 7]);
});

test("an upload begins although the directory of sessions is removed meanwhile", async () => {
  using store = await disk.open();
  const sessions = join(store.root, "docker/a/_uploads");
  await removeOnceMade({
    prepare: () => rmSync(sessions, { recursive: true, force: true }),
    work: () => store.driver.uploads.create(key, beside),
    remove: () => rmdirSync(sessions),
  });
  expect([
    (await store.driver.objects.stat(key))?.sizeBytes,
    await take(store.driver, `${dirname(key)}/startedat`),
  ]).toEqual([0, beside.startedat]);
});

test("an upload never begins over another one", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  await using upload = await holdUpload(store.driver, key);
  await upload.append([bytesOf("x")]);
  const error = await store.other.uploads.create(key, beside).catch((reason: unknown) => reason);
  expect([errorCode(error), readFileSync(join(store.root, key), "utf8")]).toEqual(["EEXIST", "x"]);
});

test("commit() makes the directory of the blob again where it is removed meanwhile", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  await using upload = await holdUpload(store.driver, key);
  await upload.append([bytesOf("x")]);
  const committing = upload.commit(target);
  let removed = 0;
  const remove = () => {
    try {
      rmdirSync(dirname(join(store.root, target)));
      removed += 1;
    } catch {
      // Not made yet, or not empty any more.
    }
  };
  // Three times at most: an adder gives up after ten.
  for (let turn = 0; turn < 1000 && removed < 3 && !existsSync(join(store.root, target)); turn += 1) {
    remove();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await committing;
  expect(await take(store.driver, target)).toBe("x");
});

test("commit() freshens the time of an old upload, which the age of the blob is judged by", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  utimesSync(join(store.root, key), 1, 1);
  await using upload = await holdUpload(store.driver, key);
  const beforeMs = Date.now() - 50;
  await upload.commit(target);
  const { mtimeMs } = statSync(join(store.root, target));
  expect(mtimeMs >= beforeMs).toBe(true);
});

test("an upload that fails half-way says how many bytes arrived, and goes on from there", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  {
    await using upload = await holdUpload(store.driver, key);
    await upload.append([bytesOf("abc")]);
    await expect(upload.commit("docker/a/_uploads/1/startedat/below")).rejects.toThrow();
  }
  await using again = await holdUpload(store.driver, key);
  expect([again.sizeBytes, await contentText(await again.content())]).toEqual([3, "abc"]);
});

test("an upload of another owner is refused with the system's reason", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  chmodSync(store.root, 0o755);
  chmodSync(join(store.root, key), 0o444);
  const error = await withoutRoot(() => store.driver.uploads.open(key, ask(0))).catch((reason: unknown) => reason);
  expect(errorCode(error)).toBe("EACCES");
});

test("without locks of the filesystem the uploads of one process still keep apart", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const paths = new KeyPaths(directory.path, new DurableFiles(directory.path, { isDurable: false }));
  const uploads = new FileUploads(paths, { flock: undefined, trash: new FileTrash(paths) });
  await uploads.create(key, beside);
  const answers = await Promise.all([uploads.open(key, ask(0)), uploads.open(key, ask(0))]);
  expect(answers.map((answer) => (answer === "busy" ? "busy" : typeof answer))).toEqual(["object", "busy"]);
  for (const answer of answers) if (typeof answer === "object") await answer[Symbol.asyncDispose]();
  await using again = (await uploads.open(key, ask(0))) as Upload;
  expect(again.sizeBytes).toBe(0);
});

test("discard() removes what another registry left in the session", async () => {
  using store = await disk.open();
  await store.driver.uploads.create(key, beside);
  await store.driver.objects.put(`${dirname(key)}/hashstates/sha256/0`, bytesOf("state"));
  rmSync(join(store.root, key));
  await store.driver.uploads.discard(key);
  expect(await store.driver.objects.list("docker/a/_uploads")).toEqual([]);
});

test("an upload whose file was replaced by a symbolic link is none: nothing is appended to what it leads to, or told of it", async () => {
  using directory = temporaryDirectory();
  const { driver } = await openFilesystem({ root: directory.path, isDurable: false });
  await driver.uploads.create(key, {});
  const elsewhere = join(directory.path, "elsewhere");
  writeFileSync(elsewhere, "untouched");
  rmSync(join(directory.path, key));
  symlinkSync(elsewhere, join(directory.path, key));
  expect([
    await driver.uploads.open(key, { waitMs: 0, preempted: new AbortController() }),
    await driver.uploads.size(key),
    (await driver.objects.stat(key))?.sizeBytes,
    readFileSync(elsewhere, "utf8"),
  ]).toEqual([undefined, undefined, 9, "untouched"]);
  await driver.uploads.discard(key);
  expect(readFileSync(elsewhere, "utf8")).toBe("untouched");
});
