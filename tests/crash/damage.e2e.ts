// Each kind of damage to a single file, collected twice before anybody looks: it is found, a collection makes nothing
// final that can be repaired, nothing else is lost, and a push heals it.
import { expect, test } from "bun:test";
import { executable, startRegistry } from "../e2e/executable.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { plainArgs } from "./killed-run.ts";
import { Chance } from "./rig/chance.ts";
import { damages } from "./rig/damage.ts";
import { Fleet } from "./rig/fleet.ts";
import { salvage, wreck } from "./rig/salvage.ts";

const cases = damages.flatMap((planned) => [true, false].map((deletesUntagged) => ({ ...planned, deletesUntagged })));

test.each(cases)(
  "a $victim that is $harm (untagged ones go: $deletesUntagged)",
  async ({ deletesUntagged, ...planned }) => {
    using directory = temporaryDirectory();
    const data = directory.path;
    await using registry = await startRegistry({ data, args: plainArgs });
    const scene = { executable, data, grace: "0s", deletesUntagged };
    const means = { planned, fleet: new Fleet([registry]), chance: new Chance("damage") };
    const made = await wreck(scene, { ...means, name: "team/app" }, (problem) => {
      throw new Error(problem);
    });
    if (made === undefined) throw new Error("not pushed");
    expect(await salvage(scene, { ...means, made })).toEqual([]);
  },
);
