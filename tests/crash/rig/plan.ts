// What happens in a round: decided from the seed and the number of the round alone.
import { Chance } from "./chance.ts";
import { type Damage, damages } from "./damage.ts";

/** What the victims suffer. Whatever it is, at the end of the round all of them are killed, or the power is cut. */
export type Fault =
  | { readonly kind: "kill" }
  /** The first server is killed on the way into this call. */
  | { readonly kind: "call"; readonly call: string; readonly when: number }
  /** A server, or a collector, stands still again and again. */
  | { readonly kind: "freeze"; readonly spans: readonly Span[] }
  | { readonly kind: "power" }
  | { readonly kind: "full"; readonly span: Span }
  /** These calls of the first server take longer, which makes the windows between them wide. */
  | { readonly kind: "dawdle"; readonly calls: string; readonly delayMs: number }
  /** Calls of the first server fail; the first one, and then every `step`-th. */
  | {
      readonly kind: "error";
      readonly error: string;
      readonly calls: string;
      readonly first: number;
      readonly step: number;
    }
  /** The wall clock of the first server and of all collectors jumps; the others have the true time. */
  | { readonly kind: "clock"; readonly jumps: readonly Jump[] };

/** From when on a clock goes wrong, and by how much, such as -2d. */
export interface Jump {
  readonly afterMs: number;
  readonly by: string;
}

/** A time of a round. */
export interface Span {
  readonly afterMs: number;
  readonly forMs: number;
}

/** What one collector suffers. */
export type Ailment =
  | { readonly kind: "none" }
  | { readonly kind: "kill"; readonly afterMs: number }
  | { readonly kind: "call"; readonly call: string; readonly when: number }
  | { readonly kind: "freeze"; readonly span: Span }
  /** Each of these calls takes longer, which makes every window between two calls wide. */
  | { readonly kind: "dawdle"; readonly calls: string; readonly delayMs: number };

/** A round. */
export interface RoundPlan {
  readonly number: number;
  readonly serverCount: number;
  readonly loadMs: number;
  readonly fault: Fault;
  /** Whether the servers collect too. */
  readonly collectsInside: boolean;
  /** Whether a local user without rights tries to hold the locks. */
  readonly localUser: boolean;
  /** What is damaged, and when. */
  readonly damage: (Damage & { readonly afterMs: number }) | undefined;
  /** Whether `registry verify --repair` runs again and again beside them. */
  readonly repairs: boolean;
  /** How many collectors are at work at the same time; for more than one their own lock is taken away. */
  readonly collectorCount: number;
  /** What the collectors suffer, one after the other. */
  readonly ailments: readonly Ailment[];
}

/** What of the plan the operator chooses. */
export interface PlanOptions {
  readonly seed: string;
  readonly faults: readonly Fault["kind"][];
  /** How long clients are at work, at least and at most. */
  readonly loadMs: readonly [number, number];
  /** What collectors suffer, and how often. */
  readonly ailments: Readonly<Record<Ailment["kind"], number>>;
  /** Undefined: one to three. */
  readonly collectorCount: number | undefined;
}

/**
 * Calls that change the disk, and about how many of them one thread of a server or of a collector makes in a round.
 * `write` and `openat` are left out: they are the runtime's own business too.
 */
const serverCalls = { mkdir: 60, writev: 60, fsync: 60, rename: 120, unlink: 12, rmdir: 20, utimensat: 60 } as const;
const collectorCalls = { rename: 12, unlink: 20, rmdir: 20, link: 2, fsync: 4, syncfs: 1 } as const;

/** What a failing disk, a full one, a table of open files or a lost mount answers to each call. */
const failures: Readonly<Record<string, readonly string[]>> = {
  openat: ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EMFILE", "ENOMEM", "ESTALE"],
  mkdir: ["EIO", "ENOSPC", "EDQUOT", "EROFS", "ENOMEM", "ESTALE"],
  writev: ["EIO", "ENOSPC", "EDQUOT", "ESTALE"],
  pwrite64: ["EIO", "ENOSPC", "EDQUOT", "ESTALE"],
  fsync: ["EIO", "ENOSPC", "EDQUOT", "EROFS", "ESTALE"],
  rename: ["EIO", "ENOSPC", "EDQUOT", "EROFS", "ENOMEM", "ESTALE"],
  link: ["EIO", "ENOSPC", "EDQUOT", "EROFS", "ENOMEM", "ESTALE"],
  unlink: ["EIO", "EROFS", "ENOMEM", "ESTALE"],
  rmdir: ["EIO", "EROFS", "ENOMEM", "ESTALE"],
  utimensat: ["EIO", "EROFS", "ESTALE"],
  statx: ["EIO", "ENOMEM", "ESTALE"],
  newfstatat: ["EIO", "ENOMEM", "ESTALE"],
  stat: ["EIO", "ENOMEM", "ESTALE"],
  lstat: ["EIO", "ENOMEM", "ESTALE"],
  getdents64: ["EIO", "ENOMEM", "ESTALE"],
  flock: ["EIO", "ENOMEM", "ESTALE"],
};
/** Those that only change the disk, to fail together. */
const failingChanges = ["mkdir", "writev", "fsync", "rename", "unlink", "link", "utimensat"] as const;
/** Further than any grace, in both directions, and by less. */
const jumps = ["+2d", "-2d", "+0d", "+1h", "-1h", "+5s", "-5s"] as const;
const weights: Readonly<Record<Fault["kind"], number>> = {
  kill: 4,
  call: 4,
  freeze: 2,
  power: 1,
  full: 1,
  error: 4,
  dawdle: 2,
  clock: 2,
};
const ailmentCount = 12;

/** Where the disk fails anyhow, what is pushed to be damaged might be gone, and a local user has nowhere to write. */
const spoilsDisk: readonly Fault["kind"][] = ["full", "error", "power"];

/** Nothing, to which what is wanted is added. */
export const noAilments = { none: 0, kill: 0, call: 0, freeze: 0, dawdle: 0 } as const;

/** Half of all collectors are left alone. */
export const mixedAilments = { none: 4, kill: 1, call: 2, freeze: 1, dawdle: 2 } as const;

/** The round of this number. */
export function planRound(number: number, options: PlanOptions): RoundPlan {
  const chance = new Chance(`${options.seed}/round ${number}`);
  const [shortest, longest] = options.loadMs;
  const loadMs = chance.between(shortest, longest);
  const chosen = Object.fromEntries(options.faults.map((kind) => [kind, weights[kind]]));
  const kind = chance.weigh(chosen) as Fault["kind"];
  return {
    number,
    serverCount: Number(chance.weigh({ "1": 5, "2": 3, "3": 2 })),
    loadMs,
    fault: planFault(kind, chance.fork("fault"), loadMs),
    collectsInside: chance.happens(0.3),
    repairs: chance.happens(0.4),
    localUser: !spoilsDisk.includes(kind) && chance.fork("local user").happens(0.2),
    damage: spoilsDisk.includes(kind) ? undefined : planDamage(chance.fork("damage"), loadMs),
    collectorCount: options.collectorCount ?? Number(chance.weigh({ "1": 6, "2": 3, "3": 1 })),
    ailments: Array.from({ length: ailmentCount }, (_, index) =>
      planAilment(chance.weigh(options.ailments), chance.fork(`collector ${index}`)),
    ),
  };
}

function planFault(kind: Fault["kind"], chance: Chance, loadMs: number): Fault {
  switch (kind) {
    case "kill":
    case "power":
      return { kind };
    case "call":
      return { kind, ...planCall(serverCalls, chance) };
    case "freeze":
      return { kind, spans: Array.from({ length: chance.between(1, 4) }, () => planSpan(chance, loadMs)) };
    case "full":
      return { kind, span: planSpan(chance, loadMs) };
    case "dawdle":
      return { kind, calls: chance.pick(["fsync", "rename", "unlink,rename"]), delayMs: chance.between(5, 60) };
    case "error":
      return planErrors(chance);
    case "clock":
      return {
        kind,
        jumps: Array.from({ length: chance.between(1, 4) }, () => ({
          afterMs: chance.below(loadMs / 2),
          by: chance.pick(jumps),
        })),
      };
  }
}

/** All changes together, or one kind of call; the runtime opens and looks at files of its own at its start. */
function planErrors(chance: Chance): Fault {
  const rhythm = { first: chance.between(1, chance.happens(0.5) ? 60 : 400), step: chance.between(1, 40) };
  if (chance.happens(0.3)) {
    const error = chance.pick(["EIO", "ENOSPC", "EDQUOT", "EROFS", "ESTALE"]);
    return { kind: "error", error, calls: failingChanges.join(","), ...rhythm };
  }
  const [calls, errors] = chance.pick(Object.entries(failures));
  return { kind: "error", error: chance.pick(errors), calls, ...rhythm };
}

function planAilment(kind: Ailment["kind"], chance: Chance): Ailment {
  switch (kind) {
    case "none":
      return { kind };
    case "kill":
      return { kind, afterMs: chance.below(200) };
    case "call":
      return { kind, ...planCall(collectorCalls, chance) };
    case "freeze":
      return { kind, span: planSpan(chance, 200) };
    case "dawdle": {
      // It looks at each link with these, and so makes many; and few of the others.
      const isLook = chance.happens(0.5);
      const calls = isLook ? chance.pick(["statx", "openat"]) : chance.pick(["rename", "unlink,link"]);
      return { kind, calls, delayMs: isLook ? chance.between(1, 4) : chance.between(5, 80) };
    }
  }
}

function planDamage(chance: Chance, loadMs: number): RoundPlan["damage"] {
  return chance.happens(0.4) ? { ...chance.pick(damages), afterMs: chance.below(loadMs / 2) } : undefined;
}

function planSpan(chance: Chance, loadMs: number): Span {
  return { afterMs: chance.below(loadMs), forMs: chance.between(10, chance.happens(0.2) ? 3000 : 500) };
}

function planCall(calls: Readonly<Record<string, number>>, chance: Chance) {
  const [call, most] = chance.pick(Object.entries(calls));
  return { call, when: chance.between(1, most) };
}
