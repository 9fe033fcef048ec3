// The writing of a blob that comes, in batches, as long as there is room for it.
import type { Arrival } from "../registry/arrival.ts";
import type { CacheRoom, RoomClaim } from "./cache-room.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { gather } from "./gather.ts";
import type { TransferProgress } from "./transfer-progress.ts";

/** Where chunks are kept. */
export interface Keeping {
  readonly arrival: Arrival;
  readonly room: CacheRoom;
  readonly claim: RoomClaim;
  readonly checkpoints: Checkpoints;
  readonly progress: TransferProgress;
  /** Whether so much is under way that each has to take little memory. */
  readonly isCrowded: () => boolean;
}

/** How much is written at once: large batches cost a fifth less time. */
const batchBytes = 1024 * 1024;
const crowdedBatchBytes = 256 * 1024;

/** Writes the chunks; why they cannot be kept any more, or undefined when all of them are written. */
export async function keepChunks(
  chunks: AsyncIterable<Uint8Array>,
  keeping: Keeping,
): Promise<{ readonly reason: unknown } | undefined> {
  const fullBytes = () => (keeping.isCrowded() ? crowdedBatchBytes : batchBytes);
  for await (const pieces of gather(chunks, fullBytes)) {
    const reason = await tryAppend(pieces, keeping);
    if (reason !== undefined) return { reason };
  }
  return undefined;
}

async function tryAppend(pieces: readonly Uint8Array[], keeping: Keeping): Promise<unknown> {
  const { arrival, room, claim, checkpoints, progress } = keeping;
  const moreBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const growth = { arrivedBytes: arrival.sizeBytes + moreBytes, totalBytes: progress.announcedBytes };
  try {
    const reason = await room.whyFull(claim, growth);
    if (reason !== undefined) return reason;
    await arrival.append(pieces);
  } catch (error) {
    return error;
  }
  giveBack(pieces);
  checkpoints.note(arrival.sizeBytes, () => arrival.forkHash());
  progress.arrive(arrival.sizeBytes);
  return undefined;
}

/** Chunks that are stored and hashed, and nobody else's: without this they pile up until the engine looks for them. */
function giveBack(pieces: readonly Uint8Array[]): void {
  for (const { buffer, byteLength } of pieces) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
  }
}
