// How cost grows with connections.
import type { Job } from "../load.ts";
import type { Growth } from "../results.ts";
import type { Server } from "../servers/server.ts";
import type { Bench } from "../stage.ts";
import { stored, tagOf } from "../work/small.ts";
import { asking, type Ground, linesOf, onStore } from "./cost.ts";

/** A manifest by tag: what a request costs the server's time, and how long the slowest of a hundred takes. */
export async function growByConnections(ground: Ground): Promise<Growth> {
  const { bench } = ground;
  const sizes = bench.sizes.growth.connections;
  const nothing = () => {};
  const columns = await onStore(ground, nothing, async (server) => {
    await bench.load.run(stored, server);
    const targets = (await bench.load.describeImages(stored)).map(tagOf);
    const measured: Readonly<Record<string, number>>[] = [];
    for (const connections of sizes) {
      bench.say(`growth: ${connections} connections`);
      measured.push(await costOf(bench, server, asking(bench, targets, connections)));
    }
    return measured;
  });
  const title = "GET a manifest by tag over more and more connections";
  return { id: "connections", title, over: "connections", unit: "ms", sizes, lines: linesOf(columns) };
}

/** Few systems let everybody open a thousand files (ulimit -n): the plot has no point there then, and why is said. */
async function costOf(bench: Bench, server: Server, job: Job): Promise<Readonly<Record<string, number>>> {
  try {
    const { wallMs, units, p50Ms, p99Ms } = await bench.load.run(job, server);
    return { "time for each request": wallMs / units, "p50 of a request": p50Ms, "p99 of a request": p99Ms };
  } catch (error) {
    bench.say(`growth: ${error instanceof Error ? error.message : error}`);
    return {};
  }
}
