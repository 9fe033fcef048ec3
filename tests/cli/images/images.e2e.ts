// ls, inspect, rm and du with the built executable: beside servers of three kinds, as another user, on a terminal, with
// outputs that fail, with a hundred thousand tags.
import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, startRegistry } from "../../e2e/executable.ts";
import { prepareOtherUser } from "../../e2e/other-user.ts";
import { anonymousBytes } from "../../e2e/process-memory.ts";
import { environment, isRoot, must, requireGoProgram, requireProgram, run } from "../../e2e/program.ts";
import { keys, openTerminal } from "../../e2e/terminal.ts";
import { foreignKinds, startForeign } from "../../interchange/foreign-registry.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { linesOf } from "./served.ts";

const hasCrane = requireGoProgram("crane");
const hasTerminals = requireProgram("script", "bsdutils");

/** Pushes images with crane, and tags: v1 and latest are one image, v2 is another one. */
async function pushWithCrane(host: string, directory: string): Promise<void> {
  for (const tag of ["v1", "v2"]) {
    writeFileSync(join(directory, tag), tag.repeat(1000));
    await must(["tar", "-C", directory, "-cf", join(directory, `${tag}.tar`), tag]);
    const image = ["-f", join(directory, `${tag}.tar`), "-t", `${host}/team/app:${tag}`];
    await must(["crane", "append", "--insecure", "--oci-empty-base", ...image]);
  }
  await must(["crane", "tag", "--insecure", `${host}/team/app:v1`, "latest"]);
}

const registry = async (...words: string[]) => {
  const { code, stdout, stderr } = await run([executable, ...words]);
  return { code, lines: linesOf(stdout), errors: stderr };
};

describe.skipIf(!hasCrane)("what crane pushed", () => {
  test.each([[[]], [["--http"]]])(
    "to a server with %j is listed, shown and deleted over the API and beside it",
    async (args) => {
      using directory = temporaryDirectory();
      await using server = await startRegistry({ args });
      const host = `127.0.0.1:${server.port}`;
      await pushWithCrane(host, directory.path);
      expect((await registry("ls", host)).lines).toEqual([`${host}/team/app`]);
      const local = await registry("ls", "--data", server.data, "team/app", "--json");
      const remote = await registry("ls", `${host}/team/app`, "--json");
      const digests = ({ lines }: typeof local) => lines.map((line) => (JSON.parse(line) as { digest: string }).digest);
      expect(digests(remote)).toEqual(digests(local));
      expect((await registry("inspect", `${host}/team/app:v1`)).lines[0]).toBe(`Image | ${host}/team/app:v1`);
      expect((await registry("rm", "-y", `${host}/team/app:v1`)).lines.at(-1)).toBe("deleted: 1 tag, 0 manifests");
      expect((await registry("rm", "-y", "--data", server.data, "team/app:v2")).lines.at(-1)).toBe(
        "deleted: 1 tag, 1 manifest",
      );
      expect((await registry("ls", "-q", `${host}/team/app`)).lines).toEqual([`${host}/team/app:latest`]);
      expect((await registry("du", "--data", server.data)).lines.at(-1)).toMatch(/garbage; free after 48h/);
      await must(["crane", "validate", "--insecure", "--remote", `${host}/team/app:latest`]);
    },
  );

  test.each(foreignKinds.map((kind) => [kind]))("to %s is listed, shown and deleted", async (kind) => {
    using directory = temporaryDirectory();
    using data = temporaryDirectory();
    await using server = await startForeign(kind, data.path);
    const { host } = server;
    await pushWithCrane(host, directory.path);
    expect((await registry("ls", "-q", `${host}/team/*:*`)).lines).toEqual(
      expect.arrayContaining(["latest", "v1", "v2"].map((tag) => `${host}/team/app:${tag}`)),
    );
    const digest = (await must(["crane", "digest", "--insecure", `${host}/team/app:v1`])).trim();
    expect((await registry("inspect", `${host}/team/app:v1`)).lines[1]).toBe(`Digest | ${digest}`);
    const alone = await registry("rm", "-y", `${host}/team/app:v1`);
    const isAble = kind === "registry-v3";
    expect([alone.code, alone.lines.at(-1)]).toEqual(
      isAble ? [0, "deleted: 1 tag, 0 manifests"] : [1, "nothing was deleted"],
    );
    expect((await registry("rm", "-y", "--all-tags", `${host}/team/app:latest`)).code).toBe(0);
    expect((await registry("ls", "-q", `${host}/team/app`)).lines).toEqual([`${host}/team/app:v2`]);
    // The same directory, which that registry wrote.
    expect((await registry("ls", "-q", "--data", data.path, "team/app")).lines).toEqual(["team/app:v2"]);
    expect((await registry("rm", "-y", "--repository", `${host}/team/app`)).code).toBe(0);
  });
});

/** A store with one image of so many tags, written as the other registries write it. */
async function storeWithTags(count: number): Promise<{ readonly data: string } & AsyncDisposable> {
  const place = temporaryDirectory({ isInMemory: true });
  const server = await startRegistry({ args: ["--http"], data: place.path });
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "x"), "x");
  await must(["tar", "-C", directory.path, "-cf", join(directory.path, "x.tar"), "x"]);
  const target = `127.0.0.1:${server.port}/app:t0`;
  await must(["crane", "append", "--insecure", "--oci-empty-base", "-f", join(directory.path, "x.tar"), "-t", target]);
  const tags = join(server.data, "docker/registry/v2/repositories/app/_manifests/tags");
  const link = await Bun.file(join(tags, "t0/current/link")).text();
  for (let index = 1; index < count; index += 1) {
    mkdirSync(join(tags, `t${index}/current`), { recursive: true });
    writeFileSync(join(tags, `t${index}/current/link`), link);
  }
  await server.stop();
  return { data: server.data, [Symbol.asyncDispose]: async () => place[Symbol.dispose]() };
}

test.skipIf(!hasCrane)(
  "outputs: a slow reader gets all, one that leaves ends it quietly, a full one is an error",
  async () => {
    await using store = await storeWithTags(3000);
    const list = `${executable} ls --data ${store.data} app`;
    const slow = await run(["bash", "-c", `${list} | (sleep 0.5; wc -l); echo \${PIPESTATUS[0]}`]);
    expect(slow).toEqual({ code: 0, stdout: "3001\n0\n", stderr: "" });
    const left = await run(["bash", "-c", `${list} -q | head -2; echo \${PIPESTATUS[0]}`]);
    expect(left).toMatchObject({ stdout: expect.stringMatching(/^app:t0\napp:t1\n(0|141)\n$/), stderr: "" });
    for (const command of [
      list,
      `${executable} du --data ${store.data}`,
      `${executable} inspect --data ${store.data} app:t0`,
    ]) {
      const full = await run(["bash", "-c", `${command} >/dev/full`]);
      expect([full.code, full.stderr]).toEqual([
        1,
        "registry: standard output cannot be written: no space left on the device\n",
      ]);
    }
  },
);

test.skipIf(!hasCrane)("a hundred thousand tags are listed in constant memory, and in natural order", async () => {
  await using store = await storeWithTags(100_000);
  const first = await run(["bash", "-c", `${executable} ls -q --data ${store.data} app | head -1`]);
  expect(first.stdout).toBe("app:t0\n");
  const child = Bun.spawn([executable, "ls", "--data", store.data, "app"], { env: environment(), stdout: "pipe" });
  // What the system tells of a process that has ended counts the memory of the one that started it too.
  let mostBytes = 0;
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of child.stdout) {
    if (child.exitCode === null) mostBytes = Math.max(mostBytes, anonymousBytes(child.pid));
    text += decoder.decode(piece, { stream: true });
  }
  const lines = text.split("\n");
  expect([await child.exited, lines.length]).toEqual([0, 100_002]);
  expect(lines.at(-2)).toMatch(/^t99999 {2,}[0-9a-f]{12} /);
  expect([mostBytes > 10_000_000, mostBytes < 400_000_000]).toEqual([true, true]);
});

test.skipIf(!hasTerminals || !hasCrane)(
  "Ctrl-C at the question changes nothing, prints no trace and ends with 130",
  async () => {
    await using store = await storeWithTags(3);
    await using terminal = openTerminal(`${executable} rm --data ${store.data} 'app:*'`);
    await terminal.expectText("Delete 3 tags and 1 manifest? [y/N] ");
    terminal.type(keys.interrupt);
    expect(await terminal.exited).toBe(130);
    expect(terminal.screen()).not.toMatch(/\n\s+at /);
    expect((await registry("ls", "-q", "--data", store.data, "app")).lines).toHaveLength(3);
    await using again = openTerminal(`${executable} rm --data ${store.data} 'app:*'`);
    await again.expectText("[y/N] ");
    again.type("y\n");
    expect(await again.exited).toBe(0);
  },
);

test.skipIf(!isRoot || !hasCrane)(
  "another user, without HOME, reads what may be read, and is told in a line what may not",
  async () => {
    await using store = await storeWithTags(2);
    using user = prepareOtherUser();
    const as = (...words: string[]) =>
      run([...user.become, user.executable, ...words], { env: { HOME: undefined }, cwd: "/" });
    const refused = await as("ls", "--data", store.data);
    expect([refused.code, refused.stdout, refused.stderr.split("\n").length]).toEqual([1, "", 2]);
    await must(["chown", "-R", "65534:65534", store.data]);
    expect((await as("ls", "-q", "--data", store.data)).stdout).toBe("app\n");
    expect((await as("rm", "--yes", "--data", store.data, "app:t1")).code).toBe(0);
    // Run as root, a command becomes the owner of the data: what it writes stays the owner's.
    expect((await registry("rm", "--yes", "--data", store.data, "--repository", "app")).code).toBe(0);
    const foreign = await run(["find", store.data, "!", "-uid", "65534"]);
    expect(foreign.stdout).toBe("");
  },
);
