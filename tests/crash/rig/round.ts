// One round: servers start, clients and collectors work, something happens to them, all are killed or lose power; then
// one server starts again and everything is held against the ledger.
import type { StartedRegistry } from "../../e2e/executable.ts";
import { run } from "../../e2e/program.ts";
import { Chance } from "./chance.ts";
import { Client } from "./client.ts";
import { type Clock, makeClock } from "./clock.ts";
import { accompany } from "./company.ts";
import type { Wreck } from "./damage.ts";
import { Desk } from "./desk.ts";
import type { RigDisk } from "./disk.ts";
import { Down, Fleet } from "./fleet.ts";
import { inspect } from "./inspect.ts";
import { pause } from "./pause.ts";
import type { RoundPlan } from "./plan.ts";
import { salvage, wreck } from "./salvage.ts";
import { freeze, reap, signal, standStill, startServer } from "./victims.ts";
import type { Stage, World } from "./world.ts";

/** How long a round waits at most for its collections. */
const maxWaitMs = 30_000;

/** Plays the round; the problems go into the tally with its number. */
export async function playRound(world: World, plan: RoundPlan): Promise<void> {
  const { tally } = world;
  const report = (problem: string) => void tally.problems.push(`round ${plan.number} (${plan.fault.kind}): ${problem}`);
  tally.count("rounds");
  const made = await suffer(world, plan, report);
  if (plan.fault.kind === "power") {
    await world.disk.mountAgain();
    // Sessions and times need not survive a power cut.
    for (const client of world.clients) client.sessions.length = 0;
  }
  await look(world, { plan, made }, report);
}

async function suffer(world: World, plan: RoundPlan, report: (problem: string) => void): Promise<Wreck | undefined> {
  const { tally, disk } = world;
  using clock = makeClock(plan);
  const servers = await startServers(world, plan, clock);
  const fleet = new Fleet(servers);
  let isStopped = false;
  let hasFailed = false;
  const note = (problem: string) => {
    hasFailed = true;
    report(problem);
  };
  const stage: Stage = { servers, fleet, clock, report: note, isOver: () => isStopped || fleet.isDown };
  const working = [work(world, plan, stage), accompany(world, plan, stage), happen(plan, disk, stage)];
  const wrecking = wreckLater(world, plan, stage);
  const collections = tally.of("collections") + world.leastCollections;
  await pause(plan.loadMs, stage.isOver);
  await pause(maxWaitMs, () => stage.isOver() || tally.of("collections") >= collections);
  const living = servers.filter((server) => signal(server.pid, "SIGCONT"));
  if (plan.fault.kind !== "call" && living.length < servers.length) report("a server ended by itself");
  if (plan.fault.kind === "power") {
    if (disk.needsSilence) await Promise.all(living.map(standStill));
    await disk.cut();
    tally.count("power cuts");
  }
  isStopped = true;
  // A server that is not there any more was killed at its call.
  tally.count("kills of servers", servers.length);
  tally.count("kills at a chosen call", servers.length - living.length);
  await Promise.all(servers.map(killServer));
  await Promise.all(working);
  // Why a server answered with a 500 that was reported.
  for (const server of servers) if (hasFailed && server.stderr() !== "") report(`a server says: ${server.stderr()}`);
  return await wrecking;
}

/** The clients. */
async function work({ seed, clients, sharedLayers, ...world }: World, plan: RoundPlan, stage: Stage): Promise<void> {
  const { fleet, isOver, report } = stage;
  const chance = new Chance(`${seed}/round ${plan.number}/clients`);
  const working = clients.map(async (memory) => {
    const own = chance.fork(memory.id);
    const desk = new Desk({
      ledger: world.ledger,
      fleet,
      chance: own,
      // A promise does not hold across a clock that jumps further than the grace.
      graceMs: plan.fault.kind === "clock" ? 0 : world.graceMs,
      // Under a clock that is days ahead somebody's unfinished file is an old one, and goes.
      mayFail: ["error", "power", "clock"].includes(plan.fault.kind),
      isOver,
      report,
      count: (what) => world.tally.count(`request ${what}`),
    });
    await actOnAndOn(new Client(memory, { chance: own, desk, sharedLayers, isCrowded: world.tagCount > 0 }), isOver);
  });
  await Promise.all(working);
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
async function happen({ fault }: RoundPlan, disk: RigDisk, { servers, clock, isOver }: Stage): Promise<void> {
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

async function look(
  world: World,
  { plan, made }: { readonly plan: RoundPlan; readonly made: Wreck | undefined },
  report: (problem: string) => void,
): Promise<void> {
  const server = await startServer(world.scene, { fault: undefined, collectsInside: false });
  if (server === undefined) throw new Error("no server");
  await using _ended = server;
  const chance = new Chance(`${world.seed}/round ${plan.number}/inspection`);
  const fleet = new Fleet([server]);
  const planned = plan.damage;
  if (made !== undefined && planned !== undefined) {
    for (const problem of await salvage(world.scene, { made, planned, fleet, chance })) report(problem);
  }
  for (const problem of await inspect(world, fleet, chance)) report(problem);
  if (server.stderr() !== "") report(`the restarted server says: ${server.stderr()}`);
  await verify(world, report);
}

async function wreckLater(
  { scene, seed, tally }: World,
  { damage, number }: RoundPlan,
  { fleet, report, isOver }: Stage,
): Promise<Wreck | undefined> {
  if (damage === undefined) return undefined;
  await pause(damage.afterMs, isOver);
  const chance = new Chance(`${seed}/round ${number}/damage`);
  const made = await wreck(scene, { name: `wreck/round${number}`, planned: damage, fleet, chance }, report);
  if (made !== undefined) tally.count("damaged images");
  return made;
}

/** 0 is clean, 1 is what can be repaired, 2 is loss. */
async function verify({ scene }: World, report: (problem: string) => void): Promise<void> {
  const { code, stdout, stderr } = await run([scene.executable, "verify", "--data", scene.data, "--json"]);
  if (code !== 0 && code !== 1) report(`verify ended with ${code}: ${stdout}${stderr}`);
}
