// Several workers are one registry: clients push and pull while one of them is killed, sessions hop, and whatever is told to
// the registry is told to all of them.
import { expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf, openUpload, putManifest, withDigest } from "./image.ts";
import { waitUntil } from "./program.ts";
import { answersOfBoth, askAnew, startWithWorkers, workersOf } from "./worker-tools.ts";

/** What one client saw. */
interface Seen {
  /** How often each step had to be tried again. */
  readonly retries: number[];
  rounds: number;
}

/** A step as a client does it: what is cut off, or refused for the moment, is tried again. */
async function attempt(seen: Seen, step: () => Promise<Response>, want: number): Promise<Response> {
  for (let retries = 0; ; retries += 1) {
    // A body may be cut off after its head.
    const answer = await step()
      .then(async (head) => new Response(await head.arrayBuffer(), head))
      .catch((error: unknown) => error);
    if (answer instanceof Response && answer.status === want) {
      seen.retries.push(retries);
      return answer;
    }
    if (answer instanceof Response && answer.status < 500)
      throw new Error(`${answer.status} instead of ${want}: ${await answer.text()}`);
    if (retries >= 5) throw new Error(`tried ${retries} times: ${answer instanceof Response ? answer.status : answer}`);
    await Bun.sleep(20);
  }
}

interface Work {
  readonly seen: Seen;
  readonly isOver: () => boolean;
}

/** Pushes images and pulls them again until it is told to end. */
async function work(registry: StartedRegistry, name: string, { seen, isOver }: Work): Promise<void> {
  while (!isOver()) {
    const layer = crypto.getRandomValues(new Uint8Array(60_000));
    const config = new TextEncoder().encode(JSON.stringify({ name, round: seen.rounds }));
    for (const bytes of [layer, config]) {
      const path = withDigest(`/v2/${name}/blobs/uploads/`, digestOf(bytes));
      await attempt(seen, () => registry.fetch(path, { method: "POST", body: bytes }), 201);
    }
    const tag = `t${seen.rounds}`;
    await attempt(seen, () => putManifest(registry, name, { tag, config, layer }), 201);
    const manifest = await attempt(seen, () => registry.fetch(`/v2/${name}/manifests/${tag}`), 200);
    const { layers } = (await manifest.json()) as { layers: { digest: string }[] };
    const pulled = await attempt(seen, () => registry.fetch(`/v2/${name}/blobs/${layers[0]?.digest}`), 200);
    expect(digestOf(new Uint8Array(await pulled.arrayBuffer()))).toBe(digestOf(layer));
    seen.rounds += 1;
  }
}

test("eight clients push and pull while one worker after the other is killed, and see one retry at most", async () => {
  await using registry = await startWithWorkers();
  let isOver = false;
  const seen = Array.from({ length: 8 }, (): Seen => ({ retries: [], rounds: 0 }));
  const clients = seen.map((each, index) => work(registry, `team/app${index}`, { seen: each, isOver: () => isOver }));
  for (let kills = 0; kills < 4; kills += 1) {
    // A round of each: however slow the machine is, no step is cut off by one kill and again by the next one.
    const steps = seen.map(({ retries }) => retries.length);
    await waitUntil("all clients go on", () =>
      seen.every(({ retries }, index) => retries.length > (steps[index] ?? 0) + 4),
    );
    const before = workersOf(registry);
    const victim = before[kills % 2];
    if (victim !== undefined) process.kill(victim, "SIGKILL");
    await waitUntil("another one is started", () => {
      const now = workersOf(registry);
      return now.length === 2 && !now.includes(victim ?? 0);
    });
    await waitUntil("it serves", () => registry.stderr().split("a worker serves again").length === kills + 2);
  }
  isOver = true;
  await Promise.all(clients);
  const retries = seen.flatMap((each) => each.retries);
  console.log(`${retries.length} steps, ${retries.filter((count) => count > 0).length} of them tried again`);
  expect([Math.max(...retries) <= 1, seen.every(({ rounds }) => rounds > 0)]).toEqual([true, true]);
  const ended = () => registry.stderr().split("a worker ended; another one is started").length - 1;
  await waitUntil("the log tells of each", () => ended() >= 4);
  expect(ended()).toBe(4);
  expect(await registry.stop()).toBe(0);
});

test("each piece of an upload may come to another worker, whichever began", async () => {
  await using registry = await startWithWorkers();
  let location = await openUpload(registry, "team/app");
  const bytes = crypto.getRandomValues(new Uint8Array(2_000_000));
  for (let start = 0; start < bytes.length; start += 100_000) {
    const body = bytes.slice(start, start + 100_000);
    const range = { "Content-Range": `${start}-${start + body.length - 1}` };
    const answer = await askAnew(registry, location, { method: "PATCH", headers: range, body });
    expect(answer.status).toBe(202);
    location = answer.headers.get("location") ?? "";
  }
  const ended = await askAnew(registry, withDigest(location, digestOf(bytes)), { method: "PUT" });
  const pulled = await askAnew(registry, `/v2/team/app/blobs/${digestOf(bytes)}`);
  expect([ended.status, digestOf(await pulled.bytes())]).toEqual([201, digestOf(bytes)]);
  const workers = new Set(registry.stderr().match(/worker=\d(?=.*method=PATCH)/g));
  expect([...workers].sort()).toEqual(["worker=1", "worker=2"]);
});

test("a reload reaches running and later workers alike, and changes nothing else", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "config.yml");
  const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
  writeFileSync(join(directory.path, "htpasswd"), `alice:${hash}\n`);
  const write = (access: string) =>
    writeFileSync(
      path,
      `version: 0.1\nlog: {level: info}\nauth: {htpasswd: {realm: r, path: ${directory.path}/htpasswd}}\naccess: ${access}\n`,
    );
  write(
    "{immutable: [{repositories: ['**'], tags: ['v*']}], rules: [{users: [alice], repositories: ['old/**'], actions: [pull]}]}",
  );
  await using registry = await startWithWorkers({ command: ["serve", path] });
  const headers = { Authorization: `Basic ${btoa("alice:secret")}` };
  const ask = (name: string) => answersOfBoth(registry, `/v2/${name}/app/tags/list`, { headers });
  const before = [await ask("old"), await ask("new")];
  // Tokens, and what is immutable, stay as they were at the start, in every worker.
  write("{tokens: true, immutable: [], rules: [{users: [alice], repositories: ['new/**'], actions: [pull]}]}");
  process.kill(registry.pid, "SIGHUP");
  await waitUntil("it is read again", () => registry.stderr().includes("read the configuration again"));
  const running = [await ask("old"), await ask("new")];
  const victim = workersOf(registry)[0];
  if (victim !== undefined) process.kill(victim, "SIGKILL");
  await waitUntil("another one serves", () => registry.stderr().includes("a worker serves again"));
  const later = [await ask("old"), await ask("new")];
  const tokens = await answersOfBoth(registry, "/auth/token?service=registry", { headers });
  const both = (status: number) => ({ "1": status, "2": status });
  expect([before, running, later, tokens]).toEqual([
    [both(404), both(403)],
    [both(403), both(404)],
    [both(403), both(404)],
    both(404),
  ]);
});

test("a cache of another registry is one cache: what is cold is fetched once for all", async () => {
  const blob = crypto.getRandomValues(new Uint8Array(3_000_000));
  let fetched = 0;
  using upstream = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async ({ url, method }) => {
      const { pathname } = new URL(url);
      if (!pathname.includes("/blobs/")) return new Response("{}");
      if (method === "GET") fetched += 1;
      await Bun.sleep(200);
      return new Response(blob, { headers: { "Docker-Content-Digest": digestOf(blob) } });
    },
  });
  const command = ["proxy", upstream.url.origin];
  await using registry = await startWithWorkers({ command });
  const pulls = Array.from({ length: 12 }, async () => {
    const answer = await askAnew(registry, `/v2/team/app/blobs/${digestOf(blob)}`);
    return digestOf(await answer.bytes());
  });
  expect([new Set(await Promise.all(pulls)), fetched]).toEqual([new Set([digestOf(blob)]), 1]);
});

test("a certificate is renewed by all workers, and no connection is cut off", async () => {
  await using registry = await startRegistry({ args: ["--workers", "2", "--log-level", "warn"] });
  await waitUntil("both are there", () => workersOf(registry).length === 2);
  await Bun.sleep(500);
  let isOver = false;
  const outcomes = new Map<string, number>();
  const certificates = new Set<string>();
  const clients = Array.from({ length: 6 }, async () => {
    while (!isOver) {
      const outcome = await askAnew(registry, "/v2/").then(
        ({ status }) => String(status),
        (error: Error) => error.message,
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  });
  for (let renewals = 0; renewals < 4; renewals += 1) {
    certificates.add(readFileSync(join(registry.data, "tls/server.crt"), "utf8"));
    rmSync(join(registry.data, "tls/server.crt"));
    process.kill(registry.pid, "SIGHUP");
    await waitUntil("it is renewed", () => existsSync(join(registry.data, "tls/server.crt")));
    await Bun.sleep(renewals === 1 ? 100 : 1500);
  }
  // The system chooses again.
  await Bun.sleep(3500);
  isOver = true;
  await Promise.all(clients);
  console.log(JSON.stringify(Object.fromEntries(outcomes)));
  expect([[...outcomes.keys()], certificates.size]).toEqual([["200"], 4]);
  expect(await registry.stop()).toBe(0);
});
