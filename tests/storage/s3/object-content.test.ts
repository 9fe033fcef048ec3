import { describe, expect, test } from "bun:test";
import { contentOfObject } from "../../../src/storage/s3/object-content.ts";
import { contentText } from "../../content-text.ts";
import { bytesOf, openBucket } from "./bucket.ts";

/** An object of ten digits, of which each connection carries so many bytes before it breaks. */
async function digits(bytesPerConnection: number, isRanged = true) {
  const bucket = openBucket();
  await bucket.objects.put("k", bytesOf("0123456789"));
  const stat = await bucket.objects.stat("k");
  if (stat === undefined) throw new Error("nothing is there");
  const send = async (url: string, init: BunFetchRequestInit) => {
    const headers = { ...(init.headers as Record<string, string>) };
    if (!isRanged) delete headers.range;
    const answer = await bucket.engine.send(url, { ...init, headers });
    if (!answer.ok) return answer;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const carried = bytes.slice(0, bytesPerConnection);
    const pieces = new ReadableStream({
      pull(controller) {
        if (carried.length > 0) controller.enqueue(carried.slice());
        if (carried.length === bytes.length) controller.close();
        else controller.error(Object.assign(new Error("broken"), { code: "ECONNRESET" }));
      },
    });
    return new Response(pieces, { status: answer.status, headers: answer.headers });
  };
  Object.assign(bucket.client.options, { send });
  return { ...bucket, content: contentOfObject(bucket.objects, "k", stat) };
}

describe("content of an object", () => {
  test("is read whole and in parts, any number of times", async () => {
    const { content } = await digits(10);
    expect([
      content.sizeBytes,
      await contentText(content),
      await contentText(content.slice(2, 5)),
      await contentText(content.slice(2, 9).slice(1, 3)),
      await contentText(content.slice(8, 99)),
      await contentText(content.slice(5, 5)),
      await new Response(content.body()).text(),
    ]).toEqual([10, "0123456789", "234", "34", "89", "", "0123456789"]);
  });

  test("of a store that ignores ranges is the same", async () => {
    const { content } = await digits(10, false);
    expect([await contentText(content), await contentText(content.slice(2, 5))]).toEqual(["0123456789", "234"]);
  });

  test("is broken off when the reader leaves", async () => {
    const { content, engine } = await digits(10);
    for await (const _ of content.stream()) break;
    await new Response(content.body()).body?.cancel();
    expect(engine.requests.filter(({ method }) => method === "GET").length).toBe(1);
  });

  test("is not mixed with that of another object", async () => {
    const { content, objects } = await digits(10);
    await objects.put("k", bytesOf("abcdefghij"));
    const failure = await contentText(content).catch((error: Error) => error.message);
    expect(failure).toBe("GET k was answered 412 PreconditionFailed");
  });

  test("is given up when connections carry nothing", async () => {
    const { content } = await digits(0);
    const failure = await contentText(content).catch((error: Error) => error.message);
    expect(failure).toBe("GET k was not answered (ECONNRESET)");
  });
});
