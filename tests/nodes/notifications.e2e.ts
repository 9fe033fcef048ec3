// Webhooks of nodes that are killed, and whose disks are thrown away: another node tells what they had acknowledged.
// NOTIFICATION_SECONDS=600 makes it longer.
import { describe, expect, test } from "bun:test";
import type { StartedRegistry } from "../e2e/executable.ts";
import { pushImage } from "../e2e/image.ts";
import { requireGoProgram, waitUntil } from "../e2e/program.ts";
import { startReceiver } from "../notifications/receiver.ts";
import { startVersityGateway } from "../storage/s3/engines.ts";
import { startNode } from "./cluster.ts";

const isThere = requireGoProgram("versitygw");
const seconds = Number(process.env.NOTIFICATION_SECONDS ?? 60);
/** Until a node counts as gone, and another one looks; and some more. */
const takeOverMs = 240_000;

const variablesFor = (port: number) => ({
  REGISTRY_NOTIFICATIONS_ENDPOINTS: JSON.stringify([
    {
      ...{ name: "ci", url: `http://127.0.0.1:${port}/hook`, timeout: "5s", threshold: 2, backoff: "200ms" },
      ignoredmediatypes: ["application/octet-stream"],
    },
  ]),
});

/** The node in one place, which is killed now and then and replaced by a new one. */
interface Place {
  node: StartedRegistry;
}

/** Pushes until the time is over; what was acknowledged. */
async function pushUntil(endMs: number, place: Place, name: string): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  for (let count = 0; performance.now() < endMs; count += 1) {
    const { node } = place;
    const repository = `team/${name}`;
    const isPushed = await pushImage(node, repository, { tag: `${count}`, layerBytes: 100 }).then(
      () => true,
      () => false,
    );
    if (isPushed) acknowledged.push(`${repository}:${count}`);
    // It is just being started again.
    else await Bun.sleep(50);
  }
  return acknowledged;
}

describe.skipIf(!isThere)("three nodes that are killed at random", () => {
  test(
    "and never come back, and one that sleeps: every push that was acknowledged is told",
    async () => {
      await using stack = new AsyncDisposableStack();
      const engine = stack.use(await startVersityGateway());
      let isOpen = false;
      let isOver = false;
      // Down half of the time, so that events wait.
      const isUp = () => isOpen && (performance.now() % 6000 < 3000 || isOver);
      const answer = () => (isUp() ? new Response("ok") : new Response("down", { status: 503 }));
      const receiver = stack.use(startReceiver({ answer }));
      const env = variablesFor(receiver.port);
      const open = async () => await startNode(engine, { env });
      const places: Place[] = [];
      for (let count = 0; count < 3; count += 1) places.push({ node: await open() });
      // One more, with events that wait, sleeps for so long that others take them over.
      const sleeper = stack.use(await open());
      for (const tag of ["1", "2"]) await pushImage(sleeper, "team/sleeper", { tag, layerBytes: 100 });
      process.kill(sleeper.pid, "SIGSTOP");
      isOpen = true;

      const endMs = performance.now() + seconds * 1000;
      const pushing = places.map((place, index) => pushUntil(endMs, place, `n${index}`));
      let kills = 0;
      while (performance.now() < endMs) {
        await Bun.sleep(1000 + Math.random() * 3000);
        const place = places[Math.floor(Math.random() * places.length)];
        if (place === undefined) continue;
        await place.node.kill();
        // Its scratch directory goes with it.
        await place.node[Symbol.asyncDispose]();
        place.node = await open();
        kills += 1;
      }
      const acknowledged = (await Promise.all(pushing)).flat();
      acknowledged.push("team/sleeper:1", "team/sleeper:2");
      for (const { node } of places) {
        await node.kill();
        await node[Symbol.asyncDispose]();
      }
      isOver = true;
      await using _last = await open();
      await Bun.sleep(takeOverMs / 4);
      process.kill(sleeper.pid, "SIGCONT");
      await pushImage(sleeper, "team/sleeper", { tag: "3", layerBytes: 100 });
      acknowledged.push("team/sleeper:3");
      const missing = () => {
        const told = new Set(receiver.jobs().map((job) => job.split("@")[0]));
        return acknowledged.filter((job) => !told.has(job));
      };
      await waitUntil("all is told", () => missing().length === 0, { deadlineMs: takeOverMs }).catch(() => undefined);
      expect(missing()).toEqual([]);
      const events = receiver.events();
      const doubled = events.length - new Set(events.map(({ id }) => id)).size;
      console.log(
        `${kills} kills, ${acknowledged.length} pushes acknowledged, ${events.length} told, ${doubled} of them again`,
      );
      expect([kills > seconds / 10, acknowledged.length > seconds / 2]).toEqual([true, true]);
    },
    (seconds + 60) * 1000 + takeOverMs,
  );
});
