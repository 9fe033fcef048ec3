// Equal nodes on one bucket: what one does, the others know; none holds what another one needs.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { makeBytes, makeImage, pushMade } from "../crash/made-image.ts";
import { findDifferences } from "../crash/outcome.ts";
import { executable, type StartedRegistry } from "../e2e/executable.ts";
import { digestOf, withDigest } from "../e2e/image.ts";
import { must, requireGoProgram, run } from "../e2e/program.ts";
import { type RealEngine, startVersityGateway } from "../storage/s3/engines.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { bucketVariables, requireHaproxy, startCluster, startNode } from "./cluster.ts";

const isThere = requireGoProgram("versitygw") && requireHaproxy();

describe.skipIf(!isThere)("three nodes", () => {
  test("an upload that is begun on one goes on on the next, and ends on a third", async () => {
    await using cluster = await startCluster({ nodes: 3 });
    const [one, two, three] = cluster.nodes;
    if (one === undefined || two === undefined || three === undefined) throw new Error("no nodes");
    const bytes = makeBytes(20_000_000);
    const begun = await one.fetch("/v2/team/app/blobs/uploads/", { method: "POST" });
    const location = begun.headers.get("location") ?? "";
    const half = bytes.length / 2;
    const first = await two.fetch(location, { method: "PATCH", body: bytes.slice(0, half) });
    const state = await three.fetch(location);
    const second = await three.fetch(location, {
      method: "PATCH",
      headers: { "Content-Range": `${half}-${bytes.length - 1}` },
      body: bytes.slice(half),
    });
    const ended = await one.fetch(withDigest(location, digestOf(bytes)), { method: "PUT" });
    const read = await two.fetch(`/v2/team/app/blobs/${digestOf(bytes)}`);
    expect([begun, first, state, second, ended, read].map(({ status }) => status)).toEqual([
      202, 202, 204, 202, 201, 200,
    ]);
    expect([state.headers.get("range"), digestOf(await read.bytes())]).toEqual([`0-${half - 1}`, digestOf(bytes)]);
  });

  test("everything is the same through a proxy that gives each request to another node", async () => {
    await using cluster = await startCluster({ nodes: 3 });
    const seen = new Expectations();
    const client = new Client(cluster, seen);
    for (const way of ["post", "put", "chunks"] as const) {
      await pushMade(client, `team/${way}`, { image: makeImage({ layerBytes: 500_000 }), tag: "1", way });
    }
    const gone = makeImage();
    await pushMade(client, "team/put", { image: gone, tag: "gone" });
    await client.deleteManifest("team/put", gone.manifest.digest);
    for (const node of cluster.nodes) expect(await findDifferences(node, seen)).toEqual([]);
  });

  test("blobs are read at the object store, but for the page's own requests", async () => {
    await using cluster = await startCluster({ nodes: 1 });
    const bytes = makeBytes(1000);
    await new Client(cluster, new Expectations()).pushBlob("team/app", bytes);
    const path = `/v2/team/app/blobs/${digestOf(bytes)}`;
    const [node] = cluster.nodes;
    const redirected = await node?.fetch(path, { redirect: "manual" });
    const location = redirected?.headers.get("location") ?? "";
    expect([redirected?.status, new URL(location).host]).toEqual([307, cluster.engine.endpoint.host]);
    const part = await fetch(location, { headers: { Range: "bytes=2-4" } });
    expect([part.status, await part.bytes()]).toEqual([206, bytes.slice(2, 5)]);
    const own = await node?.fetch(path, { redirect: "manual", headers: { "Sec-Fetch-Site": "same-origin" } });
    expect([own?.status, digestOf((await own?.bytes()) ?? bytes.slice(1))]).toEqual([200, digestOf(bytes)]);
  });
});

describe.skipIf(!isThere)("nodes with users and certificates", () => {
  const stack = new AsyncDisposableStack();
  let engine: RealEngine | undefined;
  const nodes: StartedRegistry[] = [];
  let variables: Record<string, string> = {};

  beforeAll(async () => {
    const home = stack.use(temporaryDirectory());
    engine = stack.use(await startVersityGateway());
    const users = join(home.path, "htpasswd");
    const input = Bun.spawn([executable, "passwd", "alice", "--file", users, "--password-stdin"], {
      stdin: new Blob(["secret\n"]),
      stdout: "ignore",
    });
    expect(await input.exited).toBe(0);
    const env = {
      REGISTRY_AUTH: "htpasswd",
      REGISTRY_AUTH_HTPASSWD_REALM: "registry",
      REGISTRY_AUTH_HTPASSWD_PATH: users,
      REGISTRY_ACCESS_TOKENS: "true",
    };
    variables = {
      ...(await bucketVariables(engine)),
      ...env,
      REGISTRY_STORAGE_S3_SCRATCH: join(home.path, "commands"),
    };
    // Both at once, on a bucket that has neither keys nor an authority yet.
    nodes.push(
      ...(await Promise.all([1, 2].map(async () => await startNode(engine as RealEngine, { args: [], env })))),
    );
    for (const node of nodes) stack.use(node);
  });
  afterAll(async () => await stack.disposeAsync());

  test("have certificates under one authority", () => {
    const [one, other] = nodes.map(({ ca }) => readFileSync(ca, "utf8"));
    expect(one).toBe(other ?? "");
  });

  test("take each other's tokens", async () => {
    const [one, other] = nodes;
    const basic = { Authorization: `Basic ${btoa("alice:secret")}` };
    const asked = await one?.fetch("/auth/token?service=registry&scope=repository:team/app:pull,push", {
      headers: basic,
    });
    const { token } = ((await asked?.json()) ?? {}) as { token: string };
    const authorization = { Authorization: `Bearer ${token}` };
    const answers = await Promise.all(
      [one, other].map((node) => node?.fetch("/v2/team/app/tags/list", { headers: authorization })),
    );
    expect(answers.map((answer) => answer?.status)).toEqual([404, 404]);
    expect((await other?.fetch("/v2/team/app/tags/list"))?.status).toBe(401);
  });

  test("know an API token that a command made, and forget it when it is revoked", async () => {
    const secret = (
      await must([executable, "token", "create", "ci", "--repositories", "team/**"], { env: variables })
    ).trim();
    const headers = { Authorization: `Basic ${btoa(`ci:${secret}`)}` };
    const statuses = async () =>
      await Promise.all(nodes.map(async (node) => (await node.fetch("/v2/team/app/tags/list", { headers })).status));
    const until = async (status: number) => {
      const endMs = performance.now() + 15_000;
      while (!(await statuses()).every((each) => each === status)) {
        if (performance.now() > endMs) throw new Error(`still ${await statuses()}`);
        await Bun.sleep(100);
      }
    };
    await until(404);
    await must([executable, "token", "revoke", "ci"], { env: variables });
    await until(401);
  });
});

describe.skipIf(!isThere)("commands on the bucket", () => {
  test("see, copy, check, collect and remove what nodes store", async () => {
    await using cluster = await startCluster({ nodes: 1 });
    using home = temporaryDirectory();
    const env = { ...(await bucketVariables(cluster.engine)), REGISTRY_STORAGE_S3_SCRATCH: join(home.path, "scratch") };
    const command = async (...args: string[]) => await must([executable, ...args], { env, cwd: home.path });
    const client = new Client(cluster, new Expectations());
    const image = makeImage({ layerBytes: 9_000_000 });
    await pushMade(client, "team/app", { image, tag: "1", way: "chunks" });
    expect(await command("ls")).toContain("team/app");
    expect(await command("inspect", "team/app:1")).toContain(image.manifest.digest);
    expect(await command("du")).toContain("team/app");
    await command("cp", "team/app:1", "team/copy:2");
    await command("export", "team/app:1", "-o", "image.tar");
    await command("rm", "team/app:1", "--yes");
    await command("import", "image.tar");
    expect(await command("ls", "team/copy")).toContain("2");
    expect(await command("verify")).toContain("checked");
    const collected = JSON.parse((await command("gc", "--json", "--grace", "0s")).trim().split("\n").at(-1) ?? "{}");
    expect(collected.findings).toBe(0);
    const read = await cluster.fetch(`/v2/team/copy/blobs/${digestOf(image.layer)}`);
    expect([read.status, digestOf(await read.bytes())]).toEqual([200, digestOf(image.layer)]);
  });

  test("say what is wrong with the bucket in one line", async () => {
    await using engine = await startVersityGateway();
    using home = temporaryDirectory();
    const scratch = { REGISTRY_STORAGE_S3_SCRATCH: join(home.path, "scratch") };
    const say = async (changes: Record<string, string>) => {
      const env = { ...(await bucketVariables(engine)), ...scratch, ...changes };
      const { code, stderr } = await run([executable, "ls"], { env });
      return [code, stderr.trim().split("\n").length, stderr];
    };
    expect(await say({ REGISTRY_STORAGE_S3_BUCKET: "absent" })).toEqual([
      ...[1, 1, expect.stringContaining("there is no bucket absent at")],
    ]);
    expect(await say({ REGISTRY_STORAGE_S3_SECRETKEY: "wrong-secret" })).toEqual([
      ...[1, 1, expect.stringContaining("set storage.s3.secretkey")],
    ]);
    const file = join(home.path, "config.yml");
    writeFileSync(file, "version: 0.1\nstorage: {s3: {bucket: b}}\n");
    const { code, stderr } = await run([executable, "ls", file]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("storage.s3.region is missing")]);
  });
});
