// npm run crash -- --minutes 60 --seed 7
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { executable } from "../../e2e/executable.ts";
import { durableKinds } from "../power-disk.ts";
import type { RigDiskKind } from "./disk.ts";
import { type Fault, mixedAilments, noAilments } from "./plan.ts";
import { runRig } from "./rig.ts";

const diskKinds: readonly RigDiskKind[] = ["tmpfs", ...durableKinds];
const faultKinds: readonly Fault["kind"][] = ["kill", "call", "freeze", "dawdle", "power", "full", "error", "clock"];

const help = `npm run crash -- [options]
  --minutes N      how long (default 10)
  --kills N        end after so many kills of servers
  --power-cuts N   end after so many power cuts
  --seed S         the same seed plans the same rounds (default: the time)
  --disks LIST     ${diskKinds.join(", ")} (default: all of them, one after the other)
  --faults LIST    ${faultKinds.join(", ")} (default: all of them)
  --grace N        seconds that collectors leave things alone (default 2)
  --clients N      (default 4)
  --tags N         a repository has so many tags from the beginning, on tmpfs (default 0)
  --load MS,MS     how long clients work in a round, at least and at most (default 200,1500)
  --unhindered     nothing happens to collectors before the end of a round, and there is one at a time
  --ledgers DIR    where the ledgers go (default: a new directory)
The registry is dist/registry, or what REGISTRY_EXECUTABLE names. Mounts need root.`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    kills: { type: "string", default: "Infinity" },
    "power-cuts": { type: "string", default: "Infinity" },
    seed: { type: "string", default: String(Date.now()) },
    disks: { type: "string", default: diskKinds.join() },
    faults: { type: "string", default: faultKinds.join() },
    grace: { type: "string", default: "2" },
    clients: { type: "string", default: "4" },
    tags: { type: "string", default: "0" },
    load: { type: "string", default: "200,1500" },
    ledgers: { type: "string" },
    unhindered: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** The words of a list; ends where one of them is unknown. */
function parseList<Word extends string>(text: string, known: readonly Word[]): readonly Word[] {
  const words = text.split(",");
  const unknown = words.find((word) => !known.some((other) => other === word));
  if (unknown === undefined) return known.filter((word) => words.includes(word));
  console.error(`crash: ${unknown} is none of ${known.join(", ")}`);
  process.exit(64);
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(help);
    return 0;
  }
  const ledgers = values.ledgers ?? mkdtempSync(join(tmpdir(), "crash-rig-"));
  const endMs = performance.now() + Number(values.minutes) * 60_000;
  const [shortest = 0, longest = 0] = values.load.split(",").map(Number);
  console.log(`seed ${values.seed}, ledgers in ${ledgers}`);
  let told = 0;
  const tally = await runRig({
    executable,
    ledgers,
    seed: values.seed,
    disks: parseList(values.disks, diskKinds),
    faults: parseList(values.faults, faultKinds),
    loadMs: [shortest, longest],
    ailments: values.unhindered ? { ...noAilments, none: 1 } : mixedAilments,
    collectorCount: values.unhindered ? 1 : undefined,
    graceSeconds: Number(values.grace),
    clientCount: Number(values.clients),
    tagCount: Number(values.tags),
    leastCollections: 0,
    goesOn: (so) => {
      for (const problem of so.problems.slice(told)) console.log(problem);
      told = so.problems.length;
      const isEnough =
        so.of("kills of servers") >= Number(values.kills) || so.of("power cuts") >= Number(values["power-cuts"]);
      return performance.now() < endMs && !isEnough;
    },
  });
  console.log(`seed ${values.seed}\n${tally.format()}`);
  return tally.problems.length === 0 ? 0 : 1;
}

process.exit(await main());
