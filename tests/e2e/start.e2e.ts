// How the executable starts and stops: what it says when it cannot, what it ignores, and what it finishes first.
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { executable, isRefused, type StartedRegistry, sendSignal, startRegistry } from "./executable.ts";
import { digestOf, openUpload, pullImage, pushImage, withDigest } from "./image.ts";
import { prepareOtherUser } from "./other-user.ts";
import { requireProgram, requireRoot, run, waitUntil } from "./program.ts";
import { openPatch } from "./raw-patch.ts";

const canBecome = [requireRoot(), requireProgram("setpriv", "util-linux")].every(Boolean);

describe("an address in use", () => {
  test("by another program is one line", async () => {
    using data = temporaryDirectory();
    using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    await expectOneLine(serve(data.path, `127.0.0.1:${other.port}`), "is already in use");
  });

  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["", ""],
    ["", "127.0.0.1"],
    ["127.0.0.1", ""],
  ])("by a registry on '%s' is one line for one on '%s', and the first goes on", async (first, second) => {
    using data = temporaryDirectory();
    await using registry = await startRegistry({ args: ["--addr", `${first}:0`] });
    await expectOneLine(serve(data.path, `${second}:${registry.port}`), "is already in use");
    await expectServing(registry.port, registry);
  });
});

describe.skipIf(!canBecome)("another user", () => {
  test("who cannot write the data directory gets one line", async () => {
    using user = prepareOtherUser();
    using data = temporaryDirectory();
    chmodSync(data.path, 0o755);
    const command = [...user.become, user.executable, "serve", "--addr", "127.0.0.1:0", "--data", data.path];
    await expectOneLine(run(command), data.path);
  });

  test("without a home and a place to write gets one line that names --data", async () => {
    using user = prepareOtherUser();
    const command = [...user.become, "env", "-i", user.executable, "serve", "--addr", "127.0.0.1:0"];
    await expectOneLine(run(command), "--data");
  });

  test("serves a data directory of its own", async () => {
    using user = prepareOtherUser();
    const { become: under, executable: copy, home: data } = user;
    await using registry = await startRegistry({ under, executable: copy, data });
    await pushImage(registry, "mine");
    await pullImage(registry, "mine");
    expect(await registry.stop()).toBe(0);
  });
});

test("a data directory below a file is one line", async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "file"), "");
  await expectOneLine(serve(join(directory.path, "file/data"), "127.0.0.1:0"), "a part of the path is a file");
});

test("a relative data directory in a working directory that was removed is one line", async () => {
  using directory = temporaryDirectory();
  const gone = join(directory.path, "gone");
  const serve = `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec ${executable} serve --http --addr 127.0.0.1:0 --data data`;
  await expectOneLine(run(["sh", "-c", serve]), "the working directory was removed");
});

test("a whole path of a data directory needs no working directory", async () => {
  using directory = temporaryDirectory();
  const gone = join(directory.path, "gone");
  const under = ["sh", "-c", `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec "$@"`, "sh"];
  await using registry = await startRegistry({ under, data: join(directory.path, "data") });
  await pushImage(registry, "plain");
  await pullImage(registry, "plain");
});

test("a signal that comes early ends it all the same, and well", async () => {
  for (let round = 0; round < 5; round += 1) {
    await using registry = await startRegistry({ args: ["--http"] });
    expect(await registry.stop()).toBe(0);
  }
});

test("it starts with an empty environment", async () => {
  await using registry = await startRegistry({ under: ["env", "-i"], cwd: "/" });
  await pushImage(registry, "plain");
  await pullImage(registry, "plain");
});

test("files in the working directory configure nothing and run nothing", async () => {
  using directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  writeFileSync(at("preload.ts"), `require("node:fs").writeFileSync(${JSON.stringify(at("ran"))}, "");`);
  writeFileSync(at("bunfig.toml"), 'preload = ["./preload.ts"]\n');
  writeFileSync(at(".env"), "REGISTRY_HTTP_PREFIX=/elsewhere/\nREGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true\n");
  for (const name of [".env.local", ".env.production"]) writeFileSync(at(name), "REGISTRY_HTTP_PREFIX=/elsewhere/\n");
  writeFileSync(at("package.json"), '{"type": "module", "imports": {"#x": "./preload.ts"}}');
  writeFileSync(at("tsconfig.json"), '{"compilerOptions": {"paths": {"*": ["./preload.ts"]}}}');
  writeFileSync(at("config.yml"), "not: [a configuration");
  await using registry = await startRegistry({ cwd: directory.path });
  await pushImage(registry, "plain");
  expect(existsSync(at("ran"))).toBe(false);
});

describe("SIGTERM", () => {
  test("lets an upload in flight finish, and takes no new connection", async () => {
    using data = temporaryDirectory();
    const bytes = new Uint8Array(300_000).fill(7);
    const location = await (async () => {
      await using registry = await startRegistry({ data: data.path });
      const location = await openUpload(registry, "drained");
      const patch = await openPatch(registry, location, bytes.length);
      patch.send(bytes.subarray(0, 100_000));
      const stopped = registry.stop();
      await waitUntil("the listener is closed", () => isRefused(registry.port));
      patch.send(bytes.subarray(100_000));
      expect(await patch.answer()).toStartWith("HTTP/1.1 202 ");
      expect(await stopped).toBe(0);
      return location;
    })();
    await using again = await startRegistry({ data: data.path });
    const put = await again.fetch(withDigest(location, digestOf(bytes)), { method: "PUT" });
    expect(put.status).toBe(201);
  });

  test("twice at once is one, as npm passes on what the terminal has sent already; later it ends the process", async () => {
    await using registry = await startRegistry();
    const location = await openUpload(registry, "drained");
    const patch = await openPatch(registry, location, 200_000);
    for (const signal of ["SIGINT", "SIGINT", "SIGTERM"] as const) process.kill(registry.pid, signal);
    await waitUntil("the listener is closed", () => isRefused(registry.port));
    patch.send(new Uint8Array(100_000));
    // It waits for the upload; signals are the same wish only for a moment.
    await waitUntil("another signal ends it", () => !sendSignal(registry.pid, "SIGTERM"), { deadlineMs: 10_000 });
    expect(await patch.answer()).not.toStartWith("HTTP/1.1 2");
    expect(registry.stderr()).not.toContain("stopped");
  });

  test("cuts an upload that goes on longer than http.draintimeout; the session lives on", async () => {
    using data = temporaryDirectory();
    const location = await (async () => {
      await using registry = await startRegistry({ data: data.path, env: { REGISTRY_HTTP_DRAINTIMEOUT: "1s" } });
      const location = await openUpload(registry, "cut");
      const patch = await openPatch(registry, location, 200_000);
      patch.send(new Uint8Array(100_000));
      const startedMs = performance.now();
      expect(await registry.stop()).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(15_000);
      expect(await patch.answer()).not.toStartWith("HTTP/1.1 2");
      await waitUntil("the log tells of it", () => registry.stderr().includes("requests were cut off"));
      return location;
    })();
    await using again = await startRegistry({ data: data.path });
    expect((await again.fetch(location)).status).toBe(204);
  });
});

function serve(data: string, address: string) {
  return run([executable, "serve", "--data", data, "--addr", address], { timeoutMs: 30_000 });
}

/** Ends with 1, and says so in a single line that holds the text. */
async function expectOneLine(outcome: ReturnType<typeof run>, text: string): Promise<void> {
  const { code, stdout, stderr } = await outcome;
  expect({ code, stdout, lines: stderr.trimEnd().split("\n") }).toEqual({
    code: 1,
    stdout: "",
    lines: [expect.stringContaining(text)],
  });
}

async function expectServing(port: number, registry: StartedRegistry): Promise<void> {
  const { ca } = registry;
  const response = await fetch(`https://localhost:${port}/v2/`, { tls: { ca: await Bun.file(ca).text() } });
  expect(response.status).toBe(200);
}
