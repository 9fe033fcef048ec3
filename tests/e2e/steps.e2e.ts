// How many calls of the system on files a request costs, as strace counts them on a directory in memory: a number that grows is
// a step that somebody has added to every request.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf, openUpload, postBlob, putManifest, withDigest } from "./image.ts";
import { requireProgram } from "./program.ts";

const isThere = requireProgram("strace", "strace");

/** Calls that name no path, on files that are open. */
const onDescriptors =
  "flock,write,writev,pwrite64,pread64,preadv2,fsync,fdatasync,fchmod,utimensat,getdents64,ftruncate";

/** How many calls on its files the registry makes while the work is done. */
async function countCalls(registry: StartedRegistry, work: () => Promise<void>): Promise<number> {
  using directory = temporaryDirectory();
  const path = join(directory.path, "trace");
  const trace = `trace=%file,${onDescriptors}`;
  const strace = Bun.spawn(["strace", "-f", "-y", "-o", path, "-e", trace, "-p", String(registry.pid)], {
    stdout: "ignore",
    stderr: "pipe",
  });
  // It says so when it is attached.
  await strace.stderr.getReader().read();
  await Bun.sleep(200);
  await work();
  await Bun.sleep(200);
  strace.kill("SIGINT");
  await strace.exited;
  const lines = readFileSync(path, "utf8").split("\n");
  // A look at the root of the store is due once a millisecond: how many there are says how fast the machine is.
  const isLook = (line: string) => line.includes(`"${registry.data}",`);
  return lines.filter((line) => line.includes(registry.data) && !line.includes("resumed>") && !isLook(line)).length;
}

async function pushImage(registry: StartedRegistry, tag: string, isInOneRequest: boolean): Promise<void> {
  const [config, layer] = [0, 1].map(() => crypto.getRandomValues(new Uint8Array(16_384))) as [Uint8Array, Uint8Array];
  for (const bytes of [config, layer] as Uint8Array<ArrayBuffer>[]) {
    await registry.fetch(`/v2/team/app/blobs/${digestOf(bytes)}`, { method: "HEAD" });
    const answer = isInOneRequest
      ? await postBlob(registry, "team/app", bytes)
      : await registry.fetch(withDigest(await openUpload(registry, "team/app"), digestOf(bytes)), {
          method: "PUT",
          body: bytes,
        });
    expect(answer.status).toBe(201);
  }
  expect((await putManifest(registry, "team/app", { tag, config, layer })).status).toBe(201);
}

describe.skipIf(!isThere)("calls on files", () => {
  test("an image of two blobs, and what is read of it", async () => {
    using directory = temporaryDirectory({ isInMemory: true });
    await using registry = await startRegistry({ data: directory.path, args: ["--http", "--log-level", "warn"] });
    for (const tag of ["a", "b", "c"]) await pushImage(registry, tag, tag === "a");
    const get = async (path: string) => void (await (await registry.fetch(`/v2/team/app/${path}`)).arrayBuffer());
    const counts = {
      pushInOneRequestEach: await countCalls(registry, () => pushImage(registry, "d", true)),
      pushInTwoRequestsEach: await countCalls(registry, () => pushImage(registry, "e", false)),
      firstManifestByTag: await countCalls(registry, () => get("manifests/d")),
      manifestByTag: await countCalls(registry, () => get("manifests/d")),
      tags: await countCalls(registry, () => get("tags/list")),
    };
    console.log(JSON.stringify(counts));
    expect(counts.pushInOneRequestEach).toBeLessThanOrEqual(most.pushInOneRequestEach);
    expect(counts.pushInTwoRequestsEach).toBeLessThanOrEqual(most.pushInTwoRequestsEach);
    expect(counts.manifestByTag).toBeLessThanOrEqual(most.manifestByTag);
  });
});

/** A few more than there are: some lines of strace are cut in two, and a disk that counts as slow for a moment costs some more. */
const most = { pushInOneRequestEach: 105, pushInTwoRequestsEach: 111, manifestByTag: 12 };
