// One round: servers start, clients and collectors work, something happens to them, all are killed or lose power; then
// one server starts again and everything is held against the ledger.
import type { StartedRegistry } from "../../e2e/executable.ts";
import { run } from "../../e2e/program.ts";
import { Chance } from "./chance.ts";
import { Client, type ClientMemory } from "./client.ts";
import { type Clock, makeClock } from "./clock.ts";
import type { Content } from "./contents.ts";
import { Desk } from "./desk.ts";
import type { RigDisk } from "./disk.ts";
import { Down, Fleet } from "./fleet.ts";
import { inspect } from "./inspect.ts";
import type { Ledger } from "./ledger.ts";
import { pause } from "./pause.ts";
import type { RoundPlan } from "./plan.ts";
import { repairOnAndOn } from "./repairs.ts";
import type { Tally } from "./tally.ts";
import { collectOnAndOn, freeze, reap, type Scene, signal, standStill, startServer } from "./victims.ts";

/** What stays from round to round. */
export interface World {
  readonly seed: string;
  readonly scene: Scene;
  readonly graceMs: number;
  readonly disk: RigDisk;
  readonly ledger: Ledger;
  readonly clients: readonly ClientMemory[];
  readonly sharedLayers: readonly Content[];
  readonly tally: Tally;
}

/** What the fault of a round acts on. */
interface Stage {
  readonly servers: readonly StartedRegistry[];
  readonly disk: RigDisk;
  readonly clock: Clock;
  readonly isOver: () => boolean;
}

/** Plays the round; the problems go into the tally with its number. */
export async function playRound(world: World, plan: RoundPlan): Promise<void> {
  const { tally } = world;
  const report = (problem: string) => void tally.problems.push(`round ${plan.number} (${plan.fault.kind}): ${problem}`);
  tally.count("rounds");
  await suffer(world, plan, report);
  if (plan.fault.kind === "power") {
    await world.disk.mountAgain();
    // Sessions and times need not survive a power cut.
    for (const client of world.clients) client.sessions.length = 0;
  }
  await look(world, plan, report);
}

async function suffer(world: World, plan: RoundPlan, report: (problem: string) => void): Promise<void> {
  const { scene, tally, disk } = world;
  const chance = new Chance(`${world.seed}/round ${plan.number}/clients`);
  using clock = makeClock(plan);
  const servers = await startServers(world, plan, clock);
  const fleet = new Fleet(servers);
  let isStopped = false;
  const isOver = () => isStopped || fleet.isDown;
  // Under a clock that is days ahead somebody's unfinished file is an old one, and goes.
  const mayFail = ["error", "power", "clock"].includes(plan.fault.kind);
  const working = world.clients.map(async (memory) => {
    const own = chance.fork(memory.id);
    const desk = new Desk({
      ledger: world.ledger,
      fleet,
      chance: own,
      // A promise does not hold across a clock that jumps further than the grace.
      graceMs: plan.fault.kind === "clock" ? 0 : world.graceMs,
      mayFail,
      isOver,
      report,
      count: (what) => tally.count(`request ${what}`),
    });
    await actOnAndOn(new Client(memory, { chance: own, desk, sharedLayers: world.sharedLayers }), isOver);
  });
  const collecting = Array.from({ length: plan.collectorCount }, (_, index) =>
    collectOnAndOn(scene, {
      ailments: plan.ailments.slice(index * 3),
      isOver,
      isAlone: plan.collectorCount === 1,
      tally,
      clock: clock.env,
      pauseMs: () => chance.below(200),
    }),
  );
  const pauses = chance.fork("repairs");
  const repairing = plan.repairs
    ? repairOnAndOn(scene, { isOver, tally, report, pauseMs: () => pauses.below(300) })
    : undefined;
  const happening = happen(plan, { servers, disk, clock, isOver });
  await pause(plan.loadMs, isOver);
  const living = servers.filter((server) => signal(server.pid, "SIGCONT"));
  if (plan.fault.kind !== "call" && living.length < servers.length) report("a server ended by itself");
  if (plan.fault.kind === "power" && disk.needsSilence) await Promise.all(living.map(standStill));
  if (plan.fault.kind === "power") {
    await disk.cut();
    tally.count("power cuts");
  }
  isStopped = true;
  // A server that is not there any more was killed at its call.
  tally.count("kills of servers", servers.length);
  tally.count("kills at a chosen call", servers.length - living.length);
  await Promise.all(servers.map(killServer));
  await Promise.all([...working, ...collecting, repairing, happening]);
}

async function killServer(server: StartedRegistry): Promise<void> {
  const killing = server.kill();
  await reap(server.pid, killing, () => true);
  await killing;
}

async function startServers(world: World, plan: RoundPlan, clock: Clock): Promise<readonly StartedRegistry[]> {
  const { collectsInside } = plan;
  const starting = Array.from({ length: plan.serverCount }, (_, index) =>
    startServer(
      world.scene,
      index === 0 ? { fault: plan.fault, collectsInside, clock: clock.env } : { fault: undefined, collectsInside },
    ),
  );
  const started = (await Promise.all(starting)).filter((server) => server !== undefined);
  world.tally.count("kills or failures at the start", plan.serverCount - started.length);
  return started;
}

async function actOnAndOn(client: Client, isOver: () => boolean): Promise<void> {
  try {
    while (!isOver()) await client.act();
  } catch (error) {
    if (!(error instanceof Down)) throw error;
    // Others may live: this client goes on with those.
    if (!isOver()) await actOnAndOn(client, isOver);
  }
}

/** What happens beside the clients, apart from the end. */
async function happen({ fault }: RoundPlan, { servers, disk, clock, isOver }: Stage): Promise<void> {
  const [first] = servers;
  if (fault.kind === "freeze" && first !== undefined) {
    for (const span of fault.spans) await freeze(first.pid, span, isOver);
  } else if (fault.kind === "full") {
    await pause(fault.span.afterMs, isOver);
    await disk.fill();
    await pause(fault.span.forMs, isOver);
    disk.free();
  } else if (fault.kind === "clock") await clock.jump(fault.jumps, isOver);
}

async function look(world: World, plan: RoundPlan, report: (problem: string) => void): Promise<void> {
  const server = await startServer(world.scene, { fault: undefined, collectsInside: false });
  if (server === undefined) throw new Error("no server");
  await using _ended = server;
  const chance = new Chance(`${world.seed}/round ${plan.number}/inspection`);
  for (const problem of await inspect(world.ledger, new Fleet([server]), chance)) report(problem);
  if (server.stderr() !== "") report(`the restarted server says: ${server.stderr()}`);
  await verify(world, report);
}

/** 0 is clean, 1 is what can be repaired, 2 is loss. */
async function verify({ scene }: World, report: (problem: string) => void): Promise<void> {
  const { code, stdout, stderr } = await run([scene.executable, "verify", "--data", scene.data, "--json"]);
  if (code !== 0 && code !== 1) report(`verify ended with ${code}: ${stdout}${stderr}`);
}
