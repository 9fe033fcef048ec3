// Another user of the machine, without rights: what he can open of a store, what he can hold up, and what another
// registry that runs as him can still serve.
import { expect, test } from "bun:test";
import { chmodSync, closeSync, cpSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openFlock } from "../../src/storage/flock.ts";
import { plainArgs } from "../crash/killed-run.ts";
import { foreignKinds, startForeign } from "../interchange/foreign-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { executable, startRegistry } from "./executable.ts";
import { openUpload, pushImage, sessionOf } from "./image.ts";
import { must, requireProgram, requireRoot, run, waitUntil } from "./program.ts";

const user = 65534;
const become = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"];

/** Everything below the directory that the user may read, but for what is stored, by its path. */
async function readableBy(data: string): Promise<readonly string[]> {
  // It ends with 1 because of the directories that it may not enter.
  const { stdout } = await run([...become, "find", data, "-type", "f", "-readable", "-printf", "%P\\n"]);
  return stdout.split("\n").filter((path) => path !== "");
}

test.if(requireRoot())("reads nothing but what is stored and the certificates, whatever was wider before", async () => {
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o755);
  const data = join(directory.path, "data");
  const upload = async () => {
    await using registry = await startRegistry({ data });
    const location = await openUpload(registry, "team/app");
    await registry.fetch(location, { method: "PATCH", body: "not yet for everybody" });
    await pushImage(registry, "team/app");
    const session = `docker/registry/v2/repositories/team/app/_uploads/${sessionOf(location)}`;
    return { session, readable: await readableBy(data) };
  };
  const { session, readable } = await upload();
  const isMeant = (path: string) =>
    path.startsWith("docker/") ? !path.includes("/_uploads/") : /^tls\/.*\.crt$/.test(path);
  expect([readable.length > 3, readable.filter((path) => !isMeant(path))]).toEqual([true, []]);
  // As an older version left it.
  for (const name of ["locks", "gc", "trash", "proxy", session]) {
    await must(["chmod", "-R", "u=rwX,go=rX", join(data, name)]);
  }
  chmodSync(join(data, "tls/server.key"), 0o644);
  const wider = (await readableBy(data)).filter((path) => !isMeant(path));
  await upload();
  expect(wider).toContain("locks/00.gate");
  // A session is narrowed when sessions are purged, soon after the start; `registry gc` does that too.
  await must([executable, "gc", "--data", data]);
  expect((await readableBy(data)).filter((path) => !isMeant(path))).toEqual([]);
});

test.if(requireRoot()).each(foreignKinds)("serves with %s what was written here", async (kind) => {
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o755);
  const data = join(directory.path, "data");
  {
    await using registry = await startRegistry({ data, args: plainArgs });
    await pushImage(registry, "team/app");
  }
  await using other = await startForeign(kind, data, { become });
  const manifest = (await (await other.fetch("/v2/team/app/manifests/latest")).json()) as {
    readonly layers: readonly { readonly digest: string; readonly size: number }[];
  };
  for (const { digest, size } of manifest.layers) {
    const response = await other.fetch(`/v2/team/app/blobs/${digest}`);
    expect([response.status, (await response.bytes()).length]).toEqual([200, size]);
  }
});

test("who holds every lock at a start is told of, and the server does not go on without locks", async () => {
  using directory = temporaryDirectory();
  const data = join(directory.path, "data");
  await (await startRegistry({ data, args: plainArgs })).stop();
  const flock = openFlock();
  const held = readdirSync(join(data, "locks")).map((name) => openSync(join(data, "locks", name), "r"));
  for (const descriptor of held) flock.tryLock(descriptor, "alone");
  const answer = await run([executable, "serve", "--data", data, "--addr", "127.0.0.1:0", "--http"]);
  held.forEach(closeSync);
  expect([answer.code, answer.stderr.split("\n").filter((line) => line !== "").length]).toEqual([1, 1]);
  expect(answer.stderr).toContain(`other processes hold every lock in ${join(data, "locks")}`);
});

/** Every flock fails, as on a filesystem that has none. */
const lockless = ["strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"];

test.if(requireProgram("strace", "strace"))("without locks a collection refuses to run beside a server", async () => {
  using directory = temporaryDirectory();
  const data = join(directory.path, "data");
  const collect = (...words: string[]) =>
    run([...lockless, executable, "gc", "--data", data, "--grace", "0s", ...words]);
  {
    await using registry = await startRegistry({ data, under: lockless, args: ["--http"] });
    await pushImage(registry, "team/app");
    await waitUntil("the log tells of it", () =>
      registry.stderr().includes("has no file locks: run one process only on it"),
    );
    await waitUntil("the log tells of it", () =>
      registry.stderr().includes("garbage is not collected while this server runs"),
    );
    const refused = await collect();
    expect([refused.code, refused.stderr]).toMatchObject([1, expect.stringContaining("`registry gc --offline`")]);
    expect((await collect("--dry-run")).code).toBe(0);
    await registry.stop();
  }
  expect(await collect("--offline")).toMatchObject({ code: 0 });
});

test.if(requireProgram("strace", "strace"))("a store whose locks have worked never goes on without", async () => {
  using directory = temporaryDirectory();
  const data = join(directory.path, "data");
  await (await startRegistry({ data, args: plainArgs })).stop();
  const moved = join(directory.path, "moved");
  cpSync(data, moved, { recursive: true });
  for (const place of [data, moved]) {
    for (const words of [["serve", "--addr", "127.0.0.1:0", "--http"], ["gc"]]) {
      const answer = await run([...lockless, executable, ...words, "--data", place]);
      expect([answer.code, answer.stderr]).toMatchObject([1, expect.stringContaining("file locks worked in")]);
    }
  }
});
