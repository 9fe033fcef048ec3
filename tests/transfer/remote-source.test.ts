// Copies from a registry that fails now and then.
import { expect, test } from "bun:test";
import { remoteSource } from "../../src/transfer/remote-source.ts";
import { codeOf } from "../registry/refused.ts";
import { digestOf, pullImage, pushImage, stocked, tagged } from "../registry/stocked.ts";
import { copied, destinationIn } from "./copying.ts";
import { startFaultyRegistry } from "./faulty-registry.ts";

const layer = "0123456789".repeat(1000);

async function copyWith(fault: (request: Request, asked: number) => Response | undefined) {
  await using from = startFaultyRegistry();
  const to = stocked();
  await pushImage(from.stock, "app", { tag: "v1", layers: [layer] });
  let asked = 0;
  from.fail((request) => {
    if (!request.url.includes(digestOf(layer))) return undefined;
    asked += 1;
    return fault(request, asked);
  });
  const outcome = await copied(remoteSource(from.repository("app")), await destinationIn(to, "app"));
  return { outcome, isThere: await pullImage(to, "app", tagged("v1")), asked };
}

/** A body that ends after these bytes, without having said its length. */
function broken(text: string): Response {
  const body = new ReadableStream({
    pull: (controller) => {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
  return new Response(body);
}

test("a blob that breaks off is gone on with by a range", async () => {
  const ranges: (string | null)[] = [];
  const { isThere } = await copyWith((request, asked) => {
    ranges.push(request.headers.get("range"));
    return asked === 1 ? broken(layer.slice(0, 4000)) : undefined;
  });
  expect([isThere, ranges]).toEqual([true, [null, "bytes=4000-"]]);
});

test("a limit on requests is waited for", async () => {
  const limited = new Response("", { status: 429, headers: { "Retry-After": "0" } });
  const { isThere, asked } = await copyWith((_request, count) => (count === 1 ? limited : undefined));
  expect([isThere, asked]).toEqual([true, 2]);
});

test("a body without end is cut, and never counts", async () => {
  const endless = () => {
    const chunk = new Uint8Array(64 * 1024);
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }));
  };
  expect(await codeOf(copyWith(endless))).toBe("DIGEST_INVALID");
});

test("tags and referrers come from the lists, without what is none", async () => {
  await using from = startFaultyRegistry();
  from.fail((request) =>
    request.url.includes("/tags/list")
      ? Response.json({ tags: ["v1", "no tag"] })
      : Response.json({ manifests: [{ digest: digestOf("x") }, { digest: "md5:1" }, 7] }),
  );
  const source = remoteSource(from.repository("app"));
  expect(await Array.fromAsync(source.tags())).toEqual([tagged("v1")]);
  expect(await Array.fromAsync(source.referrers(digestOf("y")))).toEqual([digestOf("x")]);
});
