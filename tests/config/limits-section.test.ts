import { expect, test } from "bun:test";
import { load, problemsOf } from "./written-file.ts";

const withLimits = (text: string): string => `version: 0.1\nhttp: {limits: {${text}}}`;

test("limits of a file", async () => {
  const { configuration } = await load({
    text: withLimits("uploads: 0, loginfailures: 5, idletimeout: 30s, blobsize: 0"),
  });
  expect(configuration.http.limits).toMatchObject({ uploads: 0, loginfailures: 5, idletimeout: 30_000, blobsize: 0 });
});

test.each([
  ["uploads: -1", "uploads: must be a whole number, or 0 for no limit"],
  ["sessions: many", "sessions: must be a whole number"],
  ["headersize: 1MiB", "headersize: must be a size from 1KiB to 64KiB"],
  ["headersize: 0", "headersize: must be a size from 1KiB to 64KiB"],
  ["manifestsize: 5MiB", "manifestsize: must be a size from 1KiB to 4MiB"],
  ["blobsize: 10", "blobsize: must be a size, such as 10GB or 500MiB, or 0 for no limit"],
  ["bodyrate: fast", "bodyrate: must be a rate, such as 1KiB/s, or 0 for no limit"],
  ["stalltimeout: 60", "stalltimeout: must have a unit"],
  ["idletimeout: 5m", "idletimeout: must be from 4s to 255s, or 0s for no limit"],
  ["idletimeout: 1s", "idletimeout: must be from 4s to 255s, or 0s for no limit"],
])("%s is refused", async (text, want) => {
  expect((await problemsOf({ text: withLimits(text) }))?.join()).toContain(`http.limits.${want}`);
});
