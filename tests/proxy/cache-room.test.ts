import { describe, expect, test } from "bun:test";
import { CacheRoom } from "../../src/proxy/cache-room.ts";

const mebibyte = 1024 * 1024;
const low = "the disk is nearly full";
const large = "it is larger than the cache may become";
const together = "everything under way together is larger than the cache may become";

/** A disk whose free room a test sets. */
function roomOf({
  freeBytes = 10_000 * mebibyte,
  totalBytes = 100_000 * mebibyte,
  maxBytes = Number.POSITIVE_INFINITY,
}) {
  const disk = { freeBytes, totalBytes, looks: 0 };
  const space = async () => {
    disk.looks += 1;
    return { ...disk };
  };
  return { room: new CacheRoom({ space, maxBytes }), disk };
}

describe("a blob is begun", () => {
  test.each([
    ["where there is room", {}, 9000 * mebibyte, undefined],
    ["not where it would leave too little", {}, 9800 * mebibyte, low],
    ["not where there is too little already", { freeBytes: 255 * mebibyte }, 0, low],
    ["on a small disk, of which a twentieth is kept free", { freeBytes: 11, totalBytes: 200 }, 1, undefined],
    ["not on a small disk that is nearly full", { freeBytes: 11, totalBytes: 200 }, 2, low],
    ["not where it is larger than the cache may become", { maxBytes: 100 }, 101, large],
  ])("%s", async (_where, options, sizeBytes, want) => {
    expect(await roomOf(options).room.whyNot(sizeBytes)).toBe(want);
  });
});

describe("a blob that comes", () => {
  test("is judged at once by what is announced", async () => {
    const { room } = roomOf({});
    const growth = { arrivedBytes: 1, totalBytes: 1024 * 1024 * mebibyte };
    expect(await room.whyFull(room.claim(), growth)).toBe(low);
  });

  test("without end is stopped before the reserve is used up, and the disk is not looked at for each batch", async () => {
    const { room, disk } = roomOf({ freeBytes: 300 * mebibyte });
    const claim = room.claim();
    let arrivedBytes = 0;
    let reason: string | undefined;
    while (reason === undefined) {
      arrivedBytes += mebibyte / 4;
      reason = await room.whyFull(claim, { arrivedBytes, totalBytes: undefined });
      disk.freeBytes = 300 * mebibyte - arrivedBytes;
    }
    expect([reason, disk.freeBytes > 251 * mebibyte, disk.looks < 15]).toEqual([low, true, true]);
  });

  test("is stopped when others use the disk up", async () => {
    const { room, disk } = roomOf({});
    const claim = room.claim();
    const grow = (arrivedBytes: number) => room.whyFull(claim, { arrivedBytes, totalBytes: 100 * mebibyte });
    const before = await grow(mebibyte);
    disk.freeBytes = 300 * mebibyte;
    expect([before, await grow(6 * mebibyte)]).toEqual([undefined, low]);
  });

  test.each([
    ["has come", { arrivedBytes: 101, totalBytes: undefined }],
    ["is announced", { arrivedBytes: 1, totalBytes: 101 }],
  ])("is stopped when more than the cache may become %s", async (_what, growth) => {
    const { room } = roomOf({ maxBytes: 100 });
    expect(await room.whyFull(room.claim(), growth)).toBe(large);
  });
});

test("blobs count together, until nobody reads them any more", async () => {
  const { room } = roomOf({ maxBytes: 100 });
  const claims = [room.claim(), room.claim(), room.claim()] as const;
  const grow = (index: 0 | 1 | 2, arrivedBytes: number) =>
    room.whyFull(claims[index], { arrivedBytes, totalBytes: undefined });
  const seen = [await grow(0, 60), await grow(1, 40), await grow(2, 1)];
  room.release(claims[0]);
  expect([...seen, await grow(2, 60), await grow(2, 61)]).toEqual([
    undefined,
    undefined,
    together,
    undefined,
    together,
  ]);
});
