import { describe, expect, test } from "bun:test";
import { usualPartBytes } from "../../../src/storage/s3/part-plan.ts";
import { bytesOf } from "./bucket.ts";
import { uploading } from "./uploading.ts";

const key = "_uploads/1/data";

describe("uploads", () => {
  test("are begun once, with what is beside them, and are gone when they are discarded", async () => {
    const { engine, one, two } = uploading();
    await one.uploads.create(key, { startedat: "now" });
    const again = await two.uploads.create(key, {}).catch((error: Error) => error.name);
    const [size, text] = [await two.uploads.size(key), engine.text("_uploads/1/startedat")];
    await two.uploads.cancel(key);
    await two.uploads.cancel(key);
    expect([again, size, text, engine.keys(), await one.uploads.size(key), await one.uploads.open(key)]).toEqual([
      "UploadMoved",
      0,
      "now",
      [],
      undefined,
      undefined,
    ]);
  });

  test("leave nothing of their parts behind", async () => {
    const { engine, one, two } = uploading();
    await one.uploads.create(key, {});
    {
      await using upload = await one.uploads.open(key);
      await upload?.append([new Uint8Array(usualPartBytes + 5)]);
    }
    const during = [engine.multiparts.open.size, engine.keys()];
    await two.uploads.cancel(key);
    expect([during, engine.multiparts.open.size, engine.keys()]).toEqual([
      [1, ["_uploads/1/session", "_uploads/1/tail-id-4"]],
      0,
      [],
    ]);
  });

  test("cannot be discarded by whoever has not seen their last state", async () => {
    const { engine, one, two } = uploading();
    await one.uploads.create(key, {});
    const upload = await one.uploads.open(key);
    await upload?.append([bytesOf("x")]);
    await two.uploads.cancel(key);
    const failure = await upload?.[Symbol.asyncDispose]().catch((error: Error) => error.name);
    expect([failure, engine.keys().includes("_uploads/1/session")]).toEqual(["UploadMoved", false]);
  });
});
