import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../../src/storage/read-file.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test.each([0, 10, 200_000])(
  "readIfThere() reads a file of %p bytes, and nothing where there is none",
  async (length) => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "file");
    writeFileSync(path, "x".repeat(length));
    const none = [
      await readIfThere(join(directory.path, "none"), length),
      await readIfThere(join(path, "below"), length),
    ];
    expect([(await readIfThere(path, length))?.length, ...none]).toEqual([length, undefined, undefined]);
    expect(readIfThere(directory.path, length)).rejects.toMatchObject({ code: "EISDIR" });
  },
);
