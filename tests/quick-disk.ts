// Loaded before all tests: calls on the disk are made in place, as on a disk that is quick. Whether this machine's counts as slow
// at some moment, because others keep it or its processor busy, would make other steps of what is tested; tests of slow disks
// bring clocks of their own.
import { callsWith, disk } from "../src/storage/disk-calls.ts";
import { SlowSpells } from "../src/storage/slow-spells.ts";

const standing = () => 0;
Object.assign(disk, callsWith(new SlowSpells(standing)));
