// What `registry rm` is asked for, and how it asks back.
import type { Digest } from "../../oci/digest.ts";
import { CommandError, type CommandIo } from "../command.ts";

/** One reference. */
export interface RemovalTarget {
  /** As it was typed. */
  readonly text: string;
  readonly host: string | undefined;
  /** A name or a glob of names. */
  readonly names: string;
  /** A tag or a glob of tags. */
  readonly tags: string | undefined;
  readonly digest: Digest | undefined;
  /** Whether whole repositories are meant. */
  readonly isWhole: boolean;
}

/** How it is to be done. */
export interface RemovalWishes {
  readonly isDryRun: boolean;
  /** Whether no question is to be asked. */
  readonly isAgreed: boolean;
  /** Whether other tags of an image may go with it on a registry that cannot delete a tag alone. */
  readonly mayTakeAllTags: boolean;
  readonly isJson: boolean;
}

/** What carrying out needs. */
export interface RemovalCall {
  readonly wishes: RemovalWishes;
  readonly io: CommandIo;
}

/** Asks, unless that was agreed to beforehand; throws if nobody can be asked, or says no. */
export async function requireAgreement(io: CommandIo, question: string, isAgreed: boolean): Promise<void> {
  if (isAgreed) return;
  if (!io.isTerminal) throw new CommandError("nothing was deleted: there is no terminal to ask on; give --yes");
  if (!/^y(es)?$/i.test((await io.ask(`${question} [y/N] `)).trim())) throw new CommandError("nothing was deleted");
}

/** The first of many, in one line. */
export function listSome(items: readonly string[], most: number): string {
  const left = items.length - most;
  return left > 0 ? `${items.slice(0, most).join(", ")} and ${left} more` : items.join(", ");
}
