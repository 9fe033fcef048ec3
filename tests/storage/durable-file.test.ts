import { describe, expect, spyOn, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../../src/lib/system-error.ts";
import { DurableFiles, writeAll } from "../../src/storage/durable-file.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { withoutRoot } from "../without-root.ts";
import { bytesOf, removeOnceMade } from "./store-access.ts";

/** What a promise was refused with. */
async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "done",
    (error: unknown) => errorCode(error) ?? error,
  );
}

function open(isDurable = true) {
  const directory = temporaryDirectory({ isInMemory: true });
  const root = directory.path;
  const files = new DurableFiles(root, { isDurable });
  return { root, files, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

test.each([
  ["a code", { code: "ENOSPC" }, "ENOSPC"],
  ["none", {}, undefined],
  ["a number", { code: 5 }, undefined],
])("errorCode() of an error with %s", (_what, fields, want) => {
  expect(errorCode(Object.assign(new Error("x"), fields))).toEqual(want);
});

test("errorCode() of what is no error", () => {
  expect([errorCode("ENOSPC"), errorCode({ code: "ENOSPC" }), errorCode(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

describe("replaceFile()", () => {
  test("makes what is missing, replaces what is there, and leaves nothing beside it", async () => {
    using store = open();
    const path = join(store.root, "a/b/link");
    await store.files.replaceFile(path, bytesOf("one"));
    await store.files.replaceFile(path, bytesOf("two"));
    expect([readFileSync(path, "utf8"), readdirSync(join(store.root, "a/b"))]).toEqual(["two", ["link"]]);
  });

  test("writes beside a directory that a writer before it was killed in", async () => {
    using store = open();
    const path = join(store.root, "a/link");
    mkdirSync(join(store.root, "a"));
    writeFileSync(`${path}.00000000-0000-4000-8000-000000000000.tmp`, "half");
    await store.files.replaceFile(path, bytesOf("whole"));
    expect(readFileSync(path, "utf8")).toBe("whole");
  });

  test("never writes into a temporary file of somebody else", async () => {
    using store = open();
    const path = join(store.root, "link");
    const id = "00000000-0000-4000-8000-000000000000";
    writeFileSync(`${path}.${id}.tmp`, "theirs");
    using _uuid = spyOn(crypto, "randomUUID").mockReturnValue(id);
    const code = await codeOf(store.files.replaceFile(path, bytesOf("ours")));
    expect([code, readFileSync(`${path}.${id}.tmp`, "utf8"), existsSync(path)]).toEqual(["EEXIST", "theirs", false]);
  });

  test.each(["durable", "not durable"])("takes the place of an empty directory, %s", async (how) => {
    using store = open(how === "durable");
    const path = join(store.root, "a/link");
    mkdirSync(path, { recursive: true });
    await store.files.replaceFile(path, bytesOf("x"));
    expect([readFileSync(path, "utf8"), readdirSync(dirname(path))]).toEqual(["x", ["link"]]);
  });

  test("takes the place of a symbolic link, and leaves alone what that leads to", async () => {
    using store = open();
    mkdirSync(join(store.root, "directory/below"), { recursive: true });
    const path = join(store.root, "link");
    for (const target of ["nowhere", "directory", "link"]) {
      symlinkSync(target, path);
      await store.files.replaceFile(path, bytesOf("x"));
      expect([lstatSync(path).isFile(), readFileSync(path, "utf8")]).toEqual([true, "x"]);
      rmSync(path);
    }
    expect(readdirSync(store.root, { recursive: true }).toSorted()).toEqual(["directory", "directory/below"]);
  });

  test("leaves no temporary file when it fails, and tells why", async () => {
    using store = open();
    mkdirSync(join(store.root, "a/link/below"), { recursive: true });
    const code = await codeOf(store.files.replaceFile(join(store.root, "a/link"), bytesOf("x")));
    expect([code, readdirSync(join(store.root, "a"))]).toEqual(["EISDIR", ["link"]]);
  });

  test("is refused where the user may not write, and changes nothing", async () => {
    using store = open();
    const path = join(store.root, "a/link");
    await store.files.replaceFile(path, bytesOf("old"));
    for (const [name, mode] of [
      [".", 0o755],
      ["a", 0o555],
    ] as const) {
      chmodSync(join(store.root, name), mode);
    }
    const code = await withoutRoot(() => codeOf(store.files.replaceFile(path, bytesOf("new"))));
    chmodSync(join(store.root, "a"), 0o755);
    expect([code, readFileSync(path, "utf8"), readdirSync(join(store.root, "a"))]).toEqual(["EACCES", "old", ["link"]]);
  });

  test("is refused below a file", async () => {
    using store = open();
    writeFileSync(join(store.root, "file"), "");
    expect(await codeOf(store.files.replaceFile(join(store.root, "file/link"), bytesOf("x")))).toBe("ENOTDIR");
  });

  test("makes a directory again that was removed under it", async () => {
    using store = open();
    const path = join(store.root, "a/b/link");
    await removeOnceMade({
      prepare: () => rmSync(join(store.root, "a"), { recursive: true, force: true }),
      work: () => store.files.replaceFile(path, bytesOf("x")),
      remove: () => {
        rmdirSync(join(store.root, "a/b"));
        rmdirSync(join(store.root, "a"));
      },
    });
    expect(readFileSync(path, "utf8")).toBe("x");
  });

  test("makes a directory again that somebody removed after an earlier write", async () => {
    using store = open();
    const path = join(store.root, "a/b/link");
    await store.files.replaceFile(path, bytesOf("one"));
    rmSync(join(store.root, "a"), { recursive: true });
    await store.files.replaceFile(path, bytesOf("two"));
    expect(readFileSync(path, "utf8")).toBe("two");
  });
});

describe("renewFile()", () => {
  test.each([0, 5, 3_000_000])("makes a new file of the same %p bytes", async (sizeBytes) => {
    using store = open();
    const path = join(store.root, "data");
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(sizeBytes, 65_536)));
    const content = Buffer.alloc(sizeBytes, bytes.length === 0 ? "x" : bytes);
    writeFileSync(path, content);
    const before = statSync(path).ino;
    const isRenewed = await store.files.renewFile(path);
    expect([isRenewed, readFileSync(path).equals(content), statSync(path).ino === before]).toEqual([true, true, false]);
  });

  test("is false where there is none", async () => {
    using store = open();
    expect([await store.files.renewFile(join(store.root, "none")), readdirSync(store.root)]).toEqual([false, []]);
  });
});

describe("moveOver()", () => {
  test("copies from another disk, over what was there", async () => {
    using elsewhere = temporaryDirectory({ isInMemory: true });
    using directory = temporaryDirectory();
    const files = new DurableFiles(directory.path, { isDurable: true });
    const [from, to] = [join(elsewhere.path, "from"), join(directory.path, "a/to")];
    await files.replaceFile(to, new TextEncoder().encode("old"));
    writeFileSync(from, "new");
    await files.moveOver(from, to, { sizeBytes: 3 });
    expect([readFileSync(to, "utf8"), readdirSync(dirname(to)), existsSync(from)]).toEqual(["new", ["to"], false]);
  });

  test.each([3, 1e9])("replaces what was there, by a file of %p bytes", async (sizeBytes) => {
    using store = open();
    const [from, to] = [join(store.root, "from"), join(store.root, "a/b/to")];
    await store.files.replaceFile(to, bytesOf("old"));
    writeFileSync(from, "new");
    await store.files.moveOver(from, to, { sizeBytes });
    expect([readFileSync(to, "utf8"), existsSync(from)]).toEqual(["new", false]);
  });

  test("makes a directory again that was removed under it", async () => {
    using store = open();
    const [from, to] = [join(store.root, "from"), join(store.root, "a/b/to")];
    await removeOnceMade({
      prepare: () => {
        rmSync(join(store.root, "a"), { recursive: true, force: true });
        writeFileSync(from, "x");
      },
      work: () => store.files.moveOver(from, to, { sizeBytes: 3 }),
      remove: () => rmdirSync(join(store.root, "a/b")),
    });
    expect(readFileSync(to, "utf8")).toBe("x");
  });

  test("fails where there is nothing to move", async () => {
    using store = open();
    expect(
      await codeOf(store.files.moveOver(join(store.root, "none"), join(store.root, "a/to"), { sizeBytes: 3 })),
    ).toBe("ENOENT");
  });
});

describe("makeDirectory()", () => {
  test("makes it with its parents, and again", async () => {
    using store = open();
    for (let round = 0; round < 2; round += 1) await store.files.makeDirectory(join(store.root, "a/b/c"));
    expect(statSync(join(store.root, "a/b/c")).isDirectory()).toBe(true);
  });

  test("of the root itself makes nothing", async () => {
    using store = open();
    await store.files.makeDirectory(store.root);
    expect(readdirSync(store.root)).toEqual([]);
  });

  test("fails where the root is gone", async () => {
    using store = open();
    rmSync(store.root, { recursive: true });
    expect(await codeOf(store.files.makeDirectory(join(store.root, "a")))).toBe("ENOENT");
    mkdirSync(store.root);
  });

  test("by many at once", async () => {
    using store = open();
    const paths = Array.from({ length: 20 }, (_, index) => join(store.root, "a/b", String(index % 5)));
    await Promise.all(paths.map((path) => store.files.makeDirectory(path)));
    expect(readdirSync(join(store.root, "a/b")).sort()).toEqual(["0", "1", "2", "3", "4"]);
  });
});

test.each([true, false])("syncDirectory() of one that was removed does nothing (durable: %p)", async (isDurable) => {
  using store = open(isDurable);
  expect(await codeOf(store.files.syncDirectory(join(store.root, "none")))).toBe("done");
});

test("syncFile() fails for a file that cannot be synced, if the store is durable", async () => {
  using durable = open(true);
  using hasty = open(false);
  expect([await codeOf(durable.files.syncFile(-1)), await codeOf(hasty.files.syncFile(-1))]).not.toEqual([
    "done",
    "done",
  ]);
  expect(await codeOf(hasty.files.syncFile(-1))).toBe("done");
});

test("unlink() removes a file once, and neither directories nor what lies below files", async () => {
  using store = open();
  const path = join(store.root, "a/link");
  await store.files.replaceFile(path, bytesOf("x"));
  const unlink = (name: string) => store.files.unlink(join(store.root, name));
  expect([await unlink("a"), await unlink("a/link/b"), await unlink("a/link"), await unlink("a/link")]).toEqual([
    false,
    false,
    true,
    false,
  ]);
});

test.each([0, 1, 64 * 1024, 64 * 1024 + 1, 5_000_000])("writeAll() writes all of %p bytes", async (sizeBytes) => {
  using store = open();
  const path = join(store.root, "data");
  const descriptor = openSync(path, "w");
  await writeAll(descriptor, new Uint8Array(sizeBytes).fill(7));
  closeSync(descriptor);
  expect([statSync(path).size, readFileSync(path).every((byte) => byte === 7)]).toEqual([sizeBytes, true]);
});

test("a root that was moved away a moment after it was seen is missed as such, and is not made again", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const write = async (index: number) => {
    const root = join(directory.path, String(index));
    mkdirSync(root);
    const files = new DurableFiles(root, { isDurable: true });
    files.holdRoot();
    files.checkRoot();
    renameSync(root, `${root}-moved`);
    const error = await files.replaceFile(join(root, "a/b"), new Uint8Array(1)).catch((reason: unknown) => reason);
    return [errorCode(error), existsSync(root)];
  };
  const outcomes: unknown[] = [];
  for (let index = 0; index < 20; index += 1) outcomes.push(await write(index));
  expect(outcomes).toEqual(Array(20).fill(["ESTALE", false]));
});
