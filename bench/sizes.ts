// How much of everything: a run that says whether something broke, the usual one, and one that takes its time.

/** The numbers that a run is made of. */
export interface Sizes {
  /** Samples of each registry in each row. */
  readonly rounds: number;
  /** How long small requests are asked for one sample. */
  readonly forMs: number;
  readonly largeBytes: number;
  readonly largeAtOnceBytes: number;
  readonly cachedBytes: number;
  /** Images pushed for one sample. */
  readonly images: number;
  readonly pulledImages: number;
  /** Tags of one repository, and repositories. */
  readonly listed: number;
  readonly collectedBlobs: number;
  readonly collections: number;
  readonly mixedMs: number;
  readonly starts: number;
  readonly growth: GrowthSizes;
}

/** The sizes over which cost is plotted. */
export interface GrowthSizes {
  readonly blobs: readonly number[];
  readonly tags: readonly number[];
  readonly repositories: readonly number[];
  readonly connections: readonly number[];
  readonly blobBytes: readonly number[];
}

/** How long a run may take. */
export type Length = "quick" | "usual" | "long";

const [megabyte, gigabyte] = [1e6, 1e9];

/** What a run of this length does. */
export const sizes: Readonly<Record<Length, Sizes>> = {
  quick: {
    rounds: 3,
    forMs: 150,
    largeBytes: 100 * megabyte,
    largeAtOnceBytes: 50 * megabyte,
    cachedBytes: 50 * megabyte,
    images: 40,
    pulledImages: 30,
    listed: 1000,
    collectedBlobs: 5000,
    collections: 1,
    mixedMs: 500,
    starts: 3,
    growth: {
      blobs: [100, 1000],
      tags: [10, 100, 1000],
      repositories: [10, 100, 1000],
      connections: [1, 10, 100],
      blobBytes: [1000, 1e6, 1e8],
    },
  },
  usual: {
    rounds: 3,
    forMs: 400,
    largeBytes: gigabyte,
    largeAtOnceBytes: 250 * megabyte,
    cachedBytes: 250 * megabyte,
    images: 200,
    pulledImages: 100,
    listed: 10_000,
    collectedBlobs: 100_000,
    collections: 1,
    mixedMs: 2000,
    starts: 7,
    growth: {
      blobs: [1000, 10_000, 100_000],
      tags: [10, 100, 1000, 10_000, 100_000],
      repositories: [10, 100, 1000, 10_000, 100_000],
      connections: [1, 10, 100, 1000],
      blobBytes: [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9],
    },
  },
  long: {
    rounds: 7,
    forMs: 1000,
    largeBytes: gigabyte,
    largeAtOnceBytes: gigabyte,
    cachedBytes: gigabyte,
    images: 500,
    pulledImages: 100,
    listed: 10_000,
    collectedBlobs: 100_000,
    collections: 3,
    mixedMs: 10_000,
    starts: 20,
    growth: {
      blobs: [1000, 10_000, 100_000, 1_000_000],
      tags: [10, 100, 1000, 10_000, 100_000],
      repositories: [10, 100, 1000, 10_000, 100_000],
      connections: [1, 10, 100, 1000],
      blobBytes: [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10],
    },
  },
};
