import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blobKey, layerLink } from "../../../src/registry/layout.ts";
import { digestOf, named, pushBlob, pushImage } from "../../registry/stocked.ts";
import { linesOf, run, type StockedDirectory, stockDirectory } from "./served.ts";

/** Two repositories that share a layer; one of them has an image without a tag, and a blob that nobody links lies there. */
async function used() {
  const directory = await stockDirectory();
  const { stock } = directory;
  await pushImage(stock, "team/app", { tag: "v1", layers: ["shared layer", "x".repeat(5000)] });
  await pushImage(stock, "team/web", { tag: "v1", layers: ["shared layer"] });
  await pushBlob(stock, "team/app", "lonely");
  await stock.store.objects.delete(layerLink(named("team/app"), digestOf("lonely")));
  return directory;
}

async function bytesOf({ stock }: StockedDirectory, ...texts: readonly string[]): Promise<number> {
  let sizeBytes = 0;
  for (const text of texts) sizeBytes += (await stock.store.objects.stat(blobKey(digestOf(text))))?.sizeBytes ?? 0;
  return sizeBytes;
}

/** What the files of the blobs hold. */
function blobBytesOnDisk(data: string): number {
  const { stdout } = Bun.spawnSync([
    "find",
    join(data, "docker/registry/v2/blobs"),
    "-name",
    "data",
    "-printf",
    "%s\n",
  ]);
  return stdout
    .toString()
    .split("\n")
    .reduce((sum, line) => sum + Number(line), 0);
}

test("registry du adds up to what the disk holds", async () => {
  await using directory = await used();
  const { code, output } = await run(["du", "--json", "--data", directory.data]);
  const lines = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, never>);
  expect([code, lines.map(({ kind, repository }) => [kind, repository])]).toEqual([
    0,
    [
      ["repository", "team/app"],
      ["repository", "team/web"],
      ["summary", undefined],
    ],
  ] as never);
  const [app, web, summary] = lines;
  const shared = await bytesOf(directory, "shared layer", "config");
  expect([app?.sharedBytes, web?.sharedBytes, summary?.sharedBytes]).toEqual([shared, shared, shared] as never);
  expect(summary?.unlinked).toEqual({ count: 1, sizeBytes: 6 } as never);
  const sums = summary as unknown as { ownBytes: number; totalBytes: number };
  expect(sums.totalBytes).toBe(blobBytesOnDisk(directory.data));
  expect(sums.ownBytes + shared + 6).toBe(sums.totalBytes);
});

test("registry du says what is garbage in the words of gc, and when it is free", async () => {
  await using directory = await used();
  const { output } = await run(["du", "--data", directory.data]);
  const lines = linesOf(output);
  expect(lines.slice(0, 3)).toEqual([
    "REPOSITORY | OWN | SHARED | GARBAGE | TAGS",
    expect.stringMatching(/^team\/app \| 5\.\d kB \| 18 B \| 0 B \| 1$/),
    expect.stringMatching(/^team\/web \| \d+ B \| 18 B \| 0 B \| 1$/),
  ]);
  expect(lines).toContain("shared | 18 B | in several, counted once");
  expect(lines).toContain("unlinked | 6 B | in no repository");
  expect(lines.at(-1)).toBe("1 blob, 6 B, is garbage; free after 48h, all of it after 96h");
});

test("a store with a configuration file that collects nothing by itself says what a person has to do", async () => {
  await using directory = await used();
  const config = join(directory.data, "config.yml");
  writeFileSync(config, `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: ${directory.data}\n`);
  const { output } = await run(["du", config]);
  expect(linesOf(output).at(-1)).toBe("1 blob, 6 B, is garbage; free after two runs of `registry gc`, 24h apart");
});

test("registry du names what cannot be read, and then promises nothing", async () => {
  await using directory = await used();
  const revisions = join(directory.data, "docker/registry/v2/repositories/team/app/_manifests/revisions");
  rmSync(revisions, { recursive: true });
  writeFileSync(revisions, "");
  const { code, output, errors } = await run(["du", "--data", directory.data]);
  expect([code, errors.startsWith("team/app: ")]).toEqual([1, true]);
  expect(linesOf(output).at(-1)).toEndWith("something cannot be read, and nothing else is taken until it can");
});

test("an empty store has nothing", async () => {
  await using directory = await stockDirectory();
  mkdirSync(join(directory.data, "docker/registry/v2"), { recursive: true });
  const { code, output } = await run(["du", "--data", directory.data]);
  expect([code, linesOf(output)[0], linesOf(output).at(-1)]).toEqual([
    0,
    "own | 0 B | in one repository alone",
    "0 blobs, 0 B, are garbage",
  ]);
});
