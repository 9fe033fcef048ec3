// The way to a directory that is to change its owner: nobody but root may lead it elsewhere in the meantime.
import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CommandError } from "../command.ts";
import { serviceAccount } from "./unit.ts";

/** Throws a CommandError if somebody else owns a directory or a link on the way, and so could have any other directory given away. */
export function requireTrustedWay(path: string, root: string): void {
  const trusted = [0, statSync(root).uid];
  for (const step of walk(path, root)) {
    const { stat } = step;
    if (step.isEnd && !stat.isSymbolicLink()) return;
    if (trusted.includes(stat.uid) && !canAnybodyReplaceIn(stat)) continue;
    throw new CommandError(
      `${path} is not given away: ${step.path} does not belong to root alone, so others could put another directory in its place; choose one below directories of root, or make it for the user ${serviceAccount} yourself`,
    );
  }
}

/** Something on the way. */
interface WayStep {
  readonly path: string;
  readonly stat: Stats;
  readonly isEnd: boolean;
}

/** What is there of the way, from the root on; links are followed after they were shown. */
function* walk(path: string, root: string): Generator<WayStep> {
  const names = path.split("/").filter((name) => name !== "");
  let reached = "/";
  for (const [index, name] of names.entries()) {
    reached = join(reached, name);
    const stat = lstatSync(join(root, reached), { throwIfNoEntry: false });
    if (stat === undefined) return;
    yield { path: reached, stat, isEnd: index === names.length - 1 };
    if (!stat.isSymbolicLink()) continue;
    const target = resolve(dirname(reached), readlinkSync(join(root, reached)));
    return yield* walk(join(target, ...names.slice(index + 1)), root);
  }
}

const writableByAll = 0o002;
const sticky = 0o1000;

function canAnybodyReplaceIn(stat: Stats): boolean {
  return stat.isDirectory() && (stat.mode & writableByAll) !== 0 && (stat.mode & sticky) === 0;
}
