// How long requests that change something are good for, and what comes after that.

/** Times of one bucket, the same for all its nodes. */
export interface BucketTiming {
  /** How long a change may take from its announcement on, or a push from its beginning to its tags. */
  readonly changeSeconds: number;
  /** The same for a collection, at least: after a long walk it is more. */
  readonly collectionSeconds: number;
  /** How long a notice outlives its requests: what its put may take, and what the store's clocks may be apart. */
  readonly marginMs: number;
  /** Without a sign of life for so long, whoever holds a kind of work no longer does. */
  readonly leaseMs: number;
  /** The same for whoever fetches a blob that others wait for. */
  readonly claimSeconds: number;
}

/** Long enough for anything that has not gone wrong. */
export const usualTiming: BucketTiming = {
  changeSeconds: 60,
  collectionSeconds: 15 * 60,
  marginMs: 2 * 60_000,
  leaseMs: 2 * 60_000,
  claimSeconds: 8,
};
