// Copies over the API between two registries, one of which may fail.
import { describe, expect, test } from "bun:test";
import { ImageCopier, startCopyRun } from "../../src/transfer/copy.ts";
import { remoteDestination } from "../../src/transfer/remote-destination.ts";
import { remoteSource } from "../../src/transfer/remote-source.ts";
import { codeOf } from "../registry/refused.ts";
import { digestOf, pullImage, pushBlob, pushImage, putManifest, stocked, tagged } from "../registry/stocked.ts";
import { copied, sourceIn } from "./copying.ts";
import { type Fault, type FaultyRegistry, startFaultyRegistry } from "./faulty-registry.ts";

const v1 = tagged("v1");
/** Longer than what goes with the request that closes a session. */
const long = "0123456789abcdef".repeat(320 * 1024);

/** A fault for the first so many requests of this kind. */
function failing(times: number, isMeant: (request: Request) => boolean, answer: () => Response): Fault {
  let left = times;
  return (request) => {
    if (left === 0 || !isMeant(request)) return undefined;
    left -= 1;
    return answer();
  };
}

const uploads = (asked: readonly string[]) =>
  asked.filter((line) => line.startsWith("PATCH") || line.startsWith("PUT /v2/app/blobs"));

/** A registry before version 1.1 of the spec, which lists no referrers. */
function listingNone(to: FaultyRegistry, onPush: (reference: string) => void): Fault {
  return async (request) => {
    if (request.url.includes("/referrers/")) return new Response("", { status: 404 });
    const path = new URL(request.url).pathname;
    if (request.method !== "PUT" || !path.includes("/manifests/")) return undefined;
    const reference = path.slice(path.lastIndexOf("/") + 1);
    onPush(reference);
    const { digest } = await to.stock.registry
      .repository(to.repository("app").name, { name: "x", requestId: undefined })
      .manifests.put({
        bytes: await request.bytes(),
        contentType: undefined,
        digest: undefined,
        tags: path.includes("sha256:") ? [] : [tagged(reference)],
      });
    return new Response("", { status: 201, headers: { "Docker-Content-Digest": digest } });
  };
}

describe("over the API a copy", () => {
  test("brings an image, small blobs in one request and long ones in a stream", async () => {
    await using from = startFaultyRegistry();
    await using to = startFaultyRegistry();
    const digest = await pushImage(from.stock, "team/app", { tag: "v1", layers: ["one", long] });
    const outcome = await copied(remoteSource(from.repository("team/app")), remoteDestination(to.repository("app")));
    expect([outcome.digest, outcome.sentBlobs, await pullImage(to.stock, "app", v1)]).toEqual([digest, 3, true]);
    expect(
      uploads(to.asked)
        .map((line) => line.split(" ")[0])
        .sort(),
    ).toEqual(["PATCH", "PUT", "PUT", "PUT"]);
    to.asked.length = 0;
    const again = await copied(remoteSource(from.repository("team/app")), remoteDestination(to.repository("app")));
    expect([again.sentBytes, uploads(to.asked)]).toEqual([0, []]);
  });

  test("mounts between repositories of one registry", async () => {
    await using registry = startFaultyRegistry();
    await pushImage(registry.stock, "app", { tag: "v1", layers: ["one", long] });
    const outcome = await copied(
      remoteSource(registry.repository("app")),
      remoteDestination(registry.repository("copy")),
    );
    expect([outcome.sentBytes, await pullImage(registry.stock, "copy", v1)]).toEqual([0, true]);
  });

  test("uploads where the registry does not mount, through the session that it opened instead", async () => {
    await using registry = startFaultyRegistry();
    await pushImage(registry.stock, "app", { tag: "v1", layers: ["one"] });
    registry.fail((request) => {
      const url = new URL(request.url);
      if (!url.searchParams.has("mount")) return undefined;
      return fetch(`${url.origin}${url.pathname}`, { method: "POST" });
    });
    const outcome = await copied(
      remoteSource(registry.repository("app")),
      remoteDestination(registry.repository("copy")),
    );
    expect([outcome.sentBlobs, await pullImage(registry.stock, "copy", v1)]).toEqual([2, true]);
  });

  test.each([
    ["503", 503, {}],
    ["429 with Retry-After", 429, { "Retry-After": "1" }],
  ])("goes on after an answer of %s", async (_name, status, headers) => {
    await using to = startFaultyRegistry();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1", layers: [long] });
    to.fail(
      failing(
        2,
        ({ method }) => ["PATCH", "PUT"].includes(method),
        () => new Response("", { status, headers }),
      ),
    );
    const startedMs = performance.now();
    await copied(sourceIn(from, "app"), remoteDestination(to.repository("app")));
    expect(await pullImage(to.stock, "app", v1)).toBe(true);
    if (status === 429) expect(performance.now() - startedMs).toBeGreaterThan(900);
  });

  test("begins again where the registry ends the session in the middle", async () => {
    await using to = startFaultyRegistry();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1", layers: [long, "one"] });
    to.fail(
      failing(
        2,
        ({ method }) => ["PATCH", "PUT"].includes(method),
        () => new Response("", { status: 404 }),
      ),
    );
    await copied(sourceIn(from, "app"), remoteDestination(to.repository("app")));
    expect(await pullImage(to.stock, "app", v1)).toBe(true);
  });

  test("goes on where a broken upload ended, and sends only the rest", async () => {
    await using to = startFaultyRegistry();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1", layers: [long] });
    let isBroken = false;
    const ranges: (string | null)[] = [];
    to.fail(async (request) => {
      if (request.method !== "PATCH") return undefined;
      ranges.push(request.headers.get("content-range"));
      if (isBroken) return undefined;
      isBroken = true;
      // The registry keeps the first half, and its answer is lost.
      const half = (await request.bytes()).slice(0, long.length / 2);
      await fetch(`${new URL(request.url).href}#`, { method: "PATCH", body: half }).then((answer) => answer.text());
      return new Response("", { status: 502 });
    });
    const outcome = await copied(sourceIn(from, "app"), remoteDestination(to.repository("app")));
    expect(await pullImage(to.stock, "app", v1)).toBe(true);
    expect(ranges.at(-1)).toBe(`${long.length / 2}-${long.length - 1}`);
    // What lies after the last checkpoint is read again.
    expect(outcome.sentBytes).toBeLessThanOrEqual(long.length * 2 + 100);
  });

  test("cuts a blob into pieces where a proxy allows no long bodies", async () => {
    await using to = startFaultyRegistry();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1", layers: [long.repeat(4)] });
    const lengths: number[] = [];
    to.fail((request) => {
      const length = Number(request.headers.get("content-length"));
      if (request.method !== "PATCH") return undefined;
      lengths.push(length);
      return length > 17 * 1024 * 1024 ? new Response("", { status: 413 }) : undefined;
    });
    await copied(sourceIn(from, "app"), remoteDestination(to.repository("app")));
    expect([lengths.length, await pullImage(to.stock, "app", v1)]).toEqual([3, true]);
  });

  test("transfers each layer once, however many images of whichever repositories share it", async () => {
    await using from = startFaultyRegistry();
    await using to = startFaultyRegistry();
    const shared = ["base", "runtime", "libraries"];
    for (const text of ["config", ...shared]) for (const name of ["a", "b"]) await pushBlob(from.stock, name, text);
    const run = startCopyRun(() => {}, new AbortController().signal);
    const images = 100;
    for (const name of ["a", "b"]) {
      const copier = new ImageCopier(remoteSource(from.repository(name)), remoteDestination(to.repository(name)), run);
      for (let each = 0; each < images / 2; each += 1) {
        const tag = `v${each}`;
        const layers = shared.map((text) => ({
          mediaType: "application/vnd.oci.image.layer.v1.tar",
          digest: digestOf(text),
          size: text.length,
        }));
        const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("config"), size: 6 };
        const annotations = { number: `${name}${each}` };
        await putManifest(from.stock, name, { tag, manifest: { schemaVersion: 2, config, layers, annotations } });
        await copier.copy({
          reference: { kind: "tag", tag: tagged(tag) },
          tags: [tagged(tag)],
          platform: undefined,
          withReferrers: false,
        });
      }
    }
    const isBlob = (line: string) => /^GET \/v2\/.*\/blobs\//.test(line);
    expect([from.asked.filter(isBlob).length, to.asked.filter((line) => /^PUT .*\/blobs\//.test(line)).length]).toEqual(
      [4, 4],
    );
    expect([await pullImage(to.stock, "a", tagged("v49")), await pullImage(to.stock, "b", tagged("v0"))]).toEqual([
      true,
      true,
    ]);
  });

  test("lists referrers under a tag where the registry does not list them", async () => {
    await using from = startFaultyRegistry();
    await using to = startFaultyRegistry();
    const subject = await pushImage(from.stock, "app", { tag: "v1", layers: ["one"] });
    const signatures = [];
    for (const layer of ["a", "b"]) signatures.push(await pushImage(from.stock, "app", { layers: [layer], subject }));
    const pushed: string[] = [];
    to.fail(listingNone(to, (tag) => void pushed.push(tag)));
    await copied(remoteSource(from.repository("app")), remoteDestination(to.repository("app")), {
      withReferrers: true,
    });
    expect(pushed.filter((tag) => tag === subject.replace(":", "-")).length).toBe(2);
    expect((await Array.fromAsync(remoteSource(to.repository("app")).referrers(subject))).sort()).toEqual(
      signatures.sort(),
    );
  });

  test("lists a referrer that an interrupted copy had pushed, and not listed", async () => {
    await using from = startFaultyRegistry();
    await using to = startFaultyRegistry();
    const subject = await pushImage(from.stock, "app", { tag: "v1", layers: ["one"] });
    const signature = await pushImage(from.stock, "app", { layers: ["a"], subject });
    let isInterrupted = true;
    const listing = listingNone(to, () => {});
    to.fail((request) => {
      const isList = request.method === "PUT" && request.url.endsWith(`/manifests/${subject.replace(":", "-")}`);
      return isInterrupted && isList ? new Response("", { status: 400 }) : listing(request);
    });
    const copying = () =>
      copied(remoteSource(from.repository("app")), remoteDestination(to.repository("app")), { withReferrers: true });
    expect(await codeOf(copying())).toBe("UPSTREAM_INVALID");
    isInterrupted = false;
    await copying();
    expect(await Array.fromAsync(remoteSource(to.repository("app")).referrers(subject))).toEqual([signature]);
    // Then it is there, and not pushed again.
    expect((await copying()).manifests).toBe(0);
  });

  test("says who may not push", async () => {
    await using to = startFaultyRegistry();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1" });
    const body = JSON.stringify({ errors: [{ code: "DENIED", message: "not you" }] });
    to.fail((request) => (request.method === "POST" ? new Response(body, { status: 403 }) : undefined));
    const copying = copied(sourceIn(from, "app"), remoteDestination(to.repository("app")));
    expect(copying).rejects.toThrow(/answers 403 \(DENIED: not you\): this user may not push to app; log in/);
  });

  test("is not led to another host by the address of an upload", async () => {
    await using to = startFaultyRegistry();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1" });
    const headers = { Location: "http://169.254.169.254/latest" };
    to.fail((request) => (request.method === "POST" ? new Response("", { status: 202, headers }) : undefined));
    expect(await codeOf(copied(sourceIn(from, "app"), remoteDestination(to.repository("app"))))).toBe(
      "UPSTREAM_INVALID",
    );
  });

  test("never completes a blob whose source was wrong", async () => {
    await using to = startFaultyRegistry();
    const from = stocked();
    await pushImage(from, "app", { tag: "v1", layers: [long] });
    const source = {
      ...sourceIn(from, "app"),
      readBlob: async function* () {
        yield new Uint8Array(long.length);
      },
    };
    expect(await codeOf(copied(source, remoteDestination(to.repository("app"))))).toBe("DIGEST_INVALID");
    expect(to.asked.filter((line) => line.startsWith("PUT"))).toEqual([]);
  });
});
