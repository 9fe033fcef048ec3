// How an upload becomes an object with few requests, and what it leaves then.
import { describe, expect, test } from "bun:test";
import { usualPartBytes } from "../../../src/storage/s3/part-plan.ts";
import { bytesOf } from "./bucket.ts";
import { append, begun, uploadKey } from "./uploading.ts";

const key = uploadKey;

describe("bytes that lie in one object", () => {
  async function committed(last: string) {
    const nodes = await begun();
    await append(nodes, nodes.one, bytesOf("all of it"));
    nodes.engine.requests.length = 0;
    await using upload = await nodes.hold(nodes.two);
    await upload.append([bytesOf(last)]);
    await upload.commit("blobs/a");
    const requests = nodes.engine.requests.map(
      ({ method, headers }) => `${method}${headers.has("x-amz-copy-source") ? " copy" : ""}`,
    );
    return { requests, text: nodes.engine.text("blobs/a"), left: upload.left };
  }

  test("are copied by the store", async () => {
    expect(await committed("")).toEqual({
      requests: ["GET", "PUT copy"],
      text: "all of it",
      left: ["_uploads/1/tail-id-4"],
    });
  });

  test("are read if more follow", async () => {
    expect(await committed(", and more")).toEqual({
      requests: ["GET", "GET", "PUT"],
      text: "all of it, and more",
      left: ["_uploads/1/tail-id-4"],
    });
  });

  test("are no blob if they are gone: the upload has ended elsewhere", async () => {
    const nodes = await begun();
    await append(nodes, nodes.one, bytesOf("all of it"));
    await using upload = await nodes.hold(nodes.two);
    await nodes.one.uploads.cancel(key);
    const failure = await upload.commit("blobs/a").catch((error: Error) => error.name);
    expect([failure, nodes.engine.keys(), upload.left]).toEqual(["UploadMoved", [], undefined]);
  });
});

describe("what a committed upload leaves", () => {
  test.each([
    ["its parts went to their place", "blobs/a", []],
    ["its parts were put together beside it", undefined, undefined],
  ])("is known if %s", async (_, target, left) => {
    const nodes = await begun();
    await using upload = await nodes.hold(nodes.one, target === undefined ? {} : { target });
    await upload.append([new Uint8Array(usualPartBytes + 1)]);
    const before = upload.left;
    await upload.commit("blobs/a");
    expect([before, upload.left]).toEqual([undefined, left]);
  });
});
