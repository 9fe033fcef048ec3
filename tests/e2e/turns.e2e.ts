// Requests that take long, and what others wait for meanwhile: a repository of 100,000 tags, manifests of 4 MiB, thousands
// of layers, referrers and children.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { shortMs } from "../turns.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf } from "./image.ts";
import { workedMsOf } from "./process-work.ts";

/** What the server may do for others before it answers, on the machine that this was set on. */
const longestMs = 250;
const tagCount = Number(process.env.TAGS ?? 100_000);
const imageType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";

const directory = temporaryDirectory({ isInMemory: true });
const v2 = join(directory.path, "docker/registry/v2");
const utf8 = (text: string) => new TextEncoder().encode(text);
const many = <T>(length: number, make: (index: number) => T) => Array.from({ length }, (_, index) => make(index));

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(join(v2, path, ".."), { recursive: true });
  writeFileSync(join(v2, path), content);
}

function putBytes(text: string): string {
  const digest = digestOf(utf8(text));
  const hex = digest.slice("sha256:".length);
  put(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, text);
  return digest;
}

const pathOf = (digest: string) => digest.replace(":", "/");

function putLayer(name: string, text: string): string {
  const digest = putBytes(text);
  put(`repositories/${name}/_layers/${pathOf(digest)}/link`, digest);
  return digest;
}

function putManifest(name: string, fields: object): string {
  const digest = putBytes(JSON.stringify({ schemaVersion: 2, ...fields }));
  put(`repositories/${name}/_manifests/revisions/${pathOf(digest)}/link`, digest);
  return digest;
}

function putTag(name: string, tag: string, digest: string): void {
  for (const place of ["current", `index/${pathOf(digest)}`]) {
    put(`repositories/${name}/_manifests/tags/${tag}/${place}/link`, digest);
  }
}

const configOf = (name: string) => ({ mediaType: "text/config", digest: putLayer(name, "{}"), size: 2 });
const layerOf = (name: string, index: number) => {
  const text = `layer ${index}`;
  return { mediaType: "text/layer", digest: putLayer(name, text), size: text.length };
};
const childOf = (name: string, index: number) => {
  const fields = { mediaType: imageType, config: configOf(name), layers: [], annotations: { index: String(index) } };
  const digest = putManifest(name, fields);
  return { mediaType: imageType, digest, size: JSON.stringify({ schemaVersion: 2, ...fields }).length };
};

let registry: StartedRegistry;
const doomed: string[] = [];
let subject = "";

beforeAll(async () => {
  const image = putManifest("tags", { config: configOf("tags"), layers: [] });
  for (let index = 0; index < 25; index += 1) doomed.push(childOf("tags", index).digest);
  for (let index = 0; index < tagCount; index += 1) {
    putTag("tags", `v${index}`, index % 100 === 7 ? (doomed[(index / 100) | 0] ?? image) : image);
  }
  subject = putManifest("subjects", { config: configOf("subjects"), layers: [] });
  for (let index = 0; index < 10; index += 1) {
    const about = { mediaType: imageType, digest: subject, size: 1 };
    const annotations = { index: String(index), long: "x".repeat(4_000_000) };
    putManifest("subjects", { config: configOf("subjects"), layers: [], subject: about, annotations });
  }
  for (let index = 0; index < 2000; index += 1)
    putManifest(`many/r${index}`, { config: configOf(`many/r${index}`), layers: [] });
  // As another registry accepts it.
  const keys = Object.fromEntries(many(300_000, (index) => [`k${index}`, 1]));
  putTag("huge", "stored", putManifest("huge", { mediaType: imageType, config: configOf("huge"), layers: [], keys }));
  const args = ["--http"];
  registry = await startRegistry({ data: directory.path, args });
}, 300_000);

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

async function send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const response = await registry.fetch(path, { method, ...init });
  await response.arrayBuffer();
  return response;
}

function putText(name: string, reference: string, { text, type }: { readonly text: string; readonly type: string }) {
  return send("PUT", `/v2/${name}/manifests/${reference}`, { body: text, headers: { "Content-Type": type } });
}

/** How long the server works at most, from the request to the answer, for another client who asks for little and pushes. */
async function longestWorkMs(work: () => Promise<unknown>): Promise<number> {
  let isOver = false;
  let longestWaitMs = 0;
  let workMs = 0;
  const push = { text: JSON.stringify({ schemaVersion: 2, config: configOf("other"), layers: [] }), type: imageType };
  const ask = async () => {
    while (!isOver) {
      for (const request of [() => send("GET", "/v2/"), () => putText("other", "latest", push)]) {
        const [startMs, startWorkMs] = [performance.now(), workedMsOf(registry.pid)];
        expect((await request()).ok).toBe(true);
        workMs = Math.max(workMs, workedMsOf(registry.pid) - startWorkMs);
        longestWaitMs = Math.max(longestWaitMs, performance.now() - startMs);
        await Bun.sleep(1);
      }
    }
  };
  const asking = ask();
  const startMs = performance.now();
  try {
    await work();
  } finally {
    isOver = true;
    await asking;
  }
  const tookMs = performance.now() - startMs;
  const numbers = [workMs, longestWaitMs, tookMs].map((ms) => ms.toFixed(0));
  if (process.env.SHOW_WAITS !== undefined) console.log("worked %s ms, waited %s ms, took %s ms", ...numbers);
  return workMs;
}

describe("nobody waits long for", () => {
  const manifest = (fields: object) => JSON.stringify({ schemaVersion: 2, mediaType: imageType, ...fields });
  const large = () =>
    manifest({
      config: configOf("large"),
      layers: many(8000, (index) => layerOf("large", index)),
      annotations: { pad: "x".repeat(2_500_000) },
    });
  const children = () =>
    JSON.stringify({
      schemaVersion: 2,
      mediaType: indexType,
      manifests: many(5000, (index) => childOf("large", index)),
    });
  const keys = () =>
    manifest({
      config: configOf("large"),
      layers: [],
      keys: Object.fromEntries(many(300_000, (index) => [`k${index}`, 1])),
    });
  const count = (times: number, request: () => Promise<unknown>) => async () => {
    for (let time = 0; time < times; time += 1) await request();
  };
  const fromMany = (clients: number, request: () => Promise<unknown>) => () => Promise.all(many(clients, request));

  test.each<[string, () => () => Promise<unknown>]>([
    ["nothing", () => () => Bun.sleep(300)],
    [
      "a PUT of 8,000 layers",
      () => {
        const text = large();
        return () => putText("large", "layers", { text, type: imageType });
      },
    ],
    [
      "a PUT of 5,000 children",
      () => {
        const text = children();
        return () => putText("large", "children", { text, type: indexType });
      },
    ],
    [
      "a PUT of 300,000 keys",
      () => {
        const text = keys();
        return () => putText("large", "keys", { text, type: imageType });
      },
    ],
    [
      "HEAD of it from 8 clients",
      () =>
        fromMany(
          8,
          count(20, () => send("HEAD", "/v2/large/manifests/layers")),
        ),
    ],
    [
      "GET of it from 8 clients",
      () =>
        fromMany(
          8,
          count(5, () => send("GET", "/v2/large/manifests/layers")),
        ),
    ],
    [
      "HEAD of 300,000 keys from 8 clients",
      () =>
        fromMany(
          8,
          count(20, () => send("HEAD", "/v2/huge/manifests/stored")),
        ),
    ],
    [
      "referrers of a type that none has",
      () =>
        fromMany(
          4,
          count(5, () => send("GET", `/v2/subjects/referrers/${subject}?artifactType=a/none`)),
        ),
    ],
    ["all referrers", () => fromMany(4, () => send("GET", `/v2/subjects/referrers/${subject}`))],
    ["a list of 100,000 tags", () => fromMany(2, () => send("GET", "/v2/tags/tags/list"))],
    ["pages of them", () => count(5, () => send("GET", "/v2/tags/tags/list?n=100&last=v5"))],
    ["the catalog", () => count(3, () => send("GET", "/v2/_catalog?n=10000"))],
    [
      "five deletions among them, one after the other",
      () => async () => {
        for (const digest of doomed.slice(0, 5))
          expect((await send("DELETE", `/v2/tags/manifests/${digest}`)).status).toBe(202);
      },
    ],
    [
      "twenty deletions at once, and a push behind them",
      () => async () => {
        const deletions = doomed.slice(5).map((digest) => send("DELETE", `/v2/tags/manifests/${digest}`));
        const text = manifest({ config: configOf("tags"), layers: [], annotations: { late: "" } });
        const pushed = await putText("tags", "late", { text, type: imageType });
        const statuses = (await Promise.all(deletions)).map(({ status }) => status);
        expect([pushed.status, statuses]).toEqual([201, Array(20).fill(202)]);
      },
    ],
  ])(
    "%s",
    async (_what, prepare) => {
      const work = prepare();
      const workMs = await longestWorkMs(work);
      expect(workMs).toBeLessThan(shortMs(longestMs));
    },
    120_000,
  );

  test("what was deleted is gone, with its tags", async () => {
    const { tags } = (await (await registry.fetch("/v2/tags/tags/list")).json()) as {
      readonly tags: readonly string[];
    };
    expect([tags.length, tags.includes("v7"), tags.includes("late")]).toEqual([tagCount - 25 + 1, false, true]);
  });
});
