// Claims on work that others would do as well and cannot follow. They save work, and nothing hangs on one: whoever cannot
// tell works without, and what two of them do at the same time is done twice.
import type { Key } from "./ports.ts";

/** What is known of a claim that somebody has made. */
export interface Claimed {
  /** Who made it, for a person. */
  readonly holder: string;
  /** What its holder noted last. */
  readonly note: string;
  /** "over": its holder has ended it; "lapsed": he has given no sign of life for too long. */
  readonly state: "held" | "over" | "lapsed";
}

/** A claim of ours. */
export interface Claim {
  /** Without a sign of life for so long, others may have it. */
  readonly lifetimeMs: number;
  /** Gives a sign of life, with a note for those who wait. Nobody is told whether it arrives. */
  renew(note: string): Promise<void>;
  /** Ends the claim, if it is still ours; with a note, those who wait see it for some seconds more. Never throws. */
  end(note?: string): Promise<void>;
}

/** The claims of a store that has several nodes. */
export interface NodeClaims {
  /**
   * Makes a claim, also on what is over or has lapsed, or tells whose it is. Undefined if the store cannot tell, or not soon.
   */
  take(key: Key, note: string): Promise<Claim | Claimed | undefined>;
  /** Who has it; "nobody" if there is none. Undefined if the store cannot tell, or not soon. */
  look(key: Key): Promise<Claimed | "nobody" | undefined>;
}
