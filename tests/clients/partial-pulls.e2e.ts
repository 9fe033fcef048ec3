// podman's partial pulls: of layers that are zstd:chunked it asks for the chunks that it does not have, many ranges at
// once. What it pulls is counted on its way, from this registry and from those whose place it takes.
import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { startRegistry } from "../e2e/executable.ts";
import { environment, must } from "../e2e/program.ts";
import { foreignKinds, startForeign } from "../interchange/foreign-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isThere } from "./clients.ts";

const fileBytes = 100_000;
const fileCount = 60;

/** A way to a registry, for pulls, that counts the bytes of its answers. */
function countPulls(ask: (path: string, init: RequestInit) => Promise<Response>) {
  let sizeBytes = 0;
  async function* counted(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
    for await (const chunk of body ?? []) {
      sizeBytes += chunk.length;
      yield chunk;
    }
  }
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const headers = new Headers({ "Accept-Encoding": "identity" });
      for (const name of ["accept", "range"]) headers.set(name, request.headers.get(name) ?? "");
      if (!request.headers.has("range")) headers.delete("range");
      const { pathname, search } = new URL(request.url);
      const answer = await ask(`${pathname}${search}`, { method: request.method, headers });
      return new Response(counted(answer.body), { status: answer.status, headers: answer.headers });
    },
  });
  return {
    host: `127.0.0.1:${server.port}`,
    take: () => {
      const taken = sizeBytes;
      sizeBytes = 0;
      return taken;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}

interface Pulled {
  /** All of the first image. */
  readonly firstBytes: number;
  /** Of one that differs from it by two files. */
  readonly secondBytes: number;
}

/** Pushes both images, forgets them, and pulls one after the other. */
async function pullBoth(url: string, ask: (path: string, init: RequestInit) => Promise<Response>): Promise<Pulled> {
  using directory = temporaryDirectory();
  using counter = countPulls(ask);
  const at = (...names: string[]) => join(directory.path, ...names);
  const host = new URL(url).host;
  const insecure = [host, counter.host].map((location) => `[[registry]]\nlocation = "${location}"\ninsecure = true\n`);
  await Bun.write(at("registries.conf"), insecure.join(""));
  const options = 'pull_options = {enable_partial_images = "true", use_hard_links = "false", ostree_repos = ""}';
  const places = `driver = "overlay"\ngraphroot = "${at("store")}"\nrunroot = "${at("run")}"`;
  await Bun.write(at("storage.conf"), `[storage]\n${places}\n[storage.options]\n${options}\n`);
  const env = environment({
    HOME: directory.path,
    CONTAINERS_STORAGE_CONF: at("storage.conf"),
    CONTAINERS_REGISTRIES_CONF: at("registries.conf"),
  });
  const podman = (...args: readonly string[]) =>
    must(["podman", `--tmpdir=${at("libpod")}`, "--cgroup-manager=cgroupfs", "--events-backend=none", ...args], {
      env,
    });
  await Bun.write(at("context/Containerfile"), "FROM scratch\nCOPY files /files\n");
  const write = (index: number) => Bun.write(at(`context/files/${index}`), randomBytes(fileBytes));
  for (let index = 0; index < fileCount; index += 1) await write(index);
  for (const tag of ["1", "2"]) {
    await podman("build", "--isolation=chroot", "--tag", `${host}/app:${tag}`, at("context"));
    await podman("push", "--compression-format=zstd:chunked", `${host}/app:${tag}`);
    await write(fileCount / 2);
    await write(fileCount);
  }
  await podman("rmi", "--all", "--force");
  counter.take();
  await podman("pull", `${counter.host}/app:1`);
  const firstBytes = counter.take();
  await podman("pull", `${counter.host}/app:2`);
  const secondBytes = counter.take();
  await podman("rmi", "--all", "--force");
  return { firstBytes, secondBytes };
}

test.skipIf(!isThere("podman"))("podman pulls of a second image what is new", async () => {
  await using registry = await startRegistry({ args: ["--http"] });
  const ours = await pullBoth(registry.url, registry.fetch);
  console.log(`pulled from this registry: ${JSON.stringify(ours)}`);
  expect(ours.firstBytes).toBeGreaterThan(fileBytes * fileCount);
  expect(ours.secondBytes).toBeGreaterThan(2 * fileBytes);
  expect(ours.secondBytes).toBeLessThan(3 * fileBytes);
  for (const kind of foreignKinds) {
    using data = temporaryDirectory();
    await using foreign = await startForeign(kind, data.path);
    const theirs = await pullBoth((await foreign.fetch("/v2/")).url, foreign.fetch);
    console.log(`pulled from ${kind}: ${JSON.stringify(theirs)}`);
    expect(ours.secondBytes).toBeLessThan(theirs.secondBytes * 1.1);
  }
});
