// Transfers of one node: they grow in files of its own, and go to the bucket when they are whole. Other nodes have their own;
// whoever is first puts what all of them would put.
import { type Content, readContent } from "../../lib/content.ts";
import { transfersPlace } from "../places.ts";
import type { Following, Key, Objects, Transfer, Transfers } from "../ports.ts";

/** What they are made of. */
export interface ScratchTransfersOptions {
  /** Transfers on a directory of this node. */
  readonly files: Transfers;
  /** What is in the bucket. */
  readonly objects: Pick<Objects, "open">;
  /** Puts the bytes into the bucket, in one step. */
  readonly send: (content: Content, to: Key) => Promise<void>;
  /** Whether nobody reads along, so that a file goes as soon as it is sent. */
  readonly isUnread?: boolean | undefined;
}

/** Files whose bytes are in the bucket. */
const sentPlace = "sent";
/** Readers who had a part of one find it here for so long, and are not cut off. */
const sentMs = 60_000;

/** The transfers of one node; see the contract in ports.ts. */
export class ScratchTransfers implements Transfers {
  readonly #options: ScratchTransfersOptions;

  constructor(options: ScratchTransfersOptions) {
    this.#options = options;
  }

  async open(key: Key): Promise<Transfer | "busy"> {
    const { files, send, isUnread } = this.#options;
    const transfer = await files.open(key);
    if (transfer === "busy") return "busy";
    const moveTo = transfer.commit;
    const commit = async (to: Key) => {
      await send(transfer.content(), to);
      if (isUnread === true) return await transfer.discard();
      await moveTo(sentKey(to));
      await files.sweep(sentPlace, sentMs);
    };
    return Object.assign(transfer, { commit });
  }

  /** Of what is stored, too: from a file that was sent a moment ago, or from the bucket. */
  async follow(key: Key): Promise<Following | undefined> {
    const { files } = this.#options;
    const isOnItsWay = key.startsWith(`${transfersPlace}/`);
    const following = await files.follow(isOnItsWay ? key : sentKey(key));
    if (following !== undefined) {
      const isAt = following.isAt;
      return Object.assign(following, { isAt: (place: Key) => isAt(sentKey(place)) });
    }
    return isOnItsWay ? undefined : await this.#followStored(key);
  }

  async #followStored(key: Key): Promise<Following | undefined> {
    const content = await this.#options.objects.open(key);
    if (content === undefined) return undefined;
    const { sizeBytes } = content;
    return {
      sizeBytes: () => sizeBytes,
      isInPlace: () => true,
      isAt: (place) => place === key,
      read: async (offset, maxBytes) =>
        await readContent(content.slice(offset, Math.max(offset, Math.min(offset + maxBytes, sizeBytes)))),
      [Symbol.dispose]: () => undefined,
    };
  }

  async sweep(prefix: Key, olderThanMs: number): Promise<number> {
    const { files } = this.#options;
    await files.sweep(sentPlace, sentMs);
    return await files.sweep(prefix, olderThanMs);
  }
}

/** All in one directory, whatever their keys. */
function sentKey(key: Key): Key {
  return `${sentPlace}/${new Bun.CryptoHasher("sha256").update(key).digest("hex")}`;
}
