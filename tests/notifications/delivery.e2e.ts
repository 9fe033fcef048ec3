// Webhooks of the built executable: events survive what happens to it and to their receiver.
import { describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { pushImage } from "../e2e/image.ts";
import { waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

/** A port on which nobody listens. */
function freePort(): number {
  using probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return probe.port;
}

interface Setting {
  readonly data: string;
  readonly port: number;
  readonly timeout?: string;
}

function start({ data, port, timeout = "30s" }: Setting): Promise<StartedRegistry> {
  const headers = { "X-Token": ["s3cret"] };
  const endpoint = {
    name: "ci",
    url: `http://127.0.0.1:${port}/hook`,
    timeout,
    threshold: 2,
    backoff: "100ms",
    headers,
  };
  const env = {
    REGISTRY_NOTIFICATIONS_ENDPOINTS: JSON.stringify([endpoint]),
    REGISTRY_HTTP_DRAINTIMEOUT: "2s",
  };
  return startRegistry({ args: ["--http"], env, data });
}

async function pushTags(registry: StartedRegistry, tags: readonly string[]): Promise<readonly string[]> {
  const jobs: string[] = [];
  for (const tag of tags) {
    await pushImage(registry, "team/app", { tag, layerBytes: 100 });
    const { headers } = await registry.fetch(`/v2/team/app/manifests/${tag}`, { method: "HEAD" });
    jobs.push(`team/app:${tag}@${headers.get("docker-content-digest")}`);
  }
  return jobs;
}

const sorted = (jobs: readonly string[]) => [...jobs].sort();

function waitForJobs(receiver: Receiver, jobs: readonly string[]): Promise<unknown> {
  return waitUntil(`${jobs.length} jobs`, () => receiver.jobs().length >= jobs.length, { deadlineMs: 60_000 });
}

describe("a CI trigger", () => {
  test("starts one job for each tag, whatever else is told", async () => {
    using directory = temporaryDirectory();
    using receiver = startReceiver();
    await using registry = await start({ data: directory.path, port: receiver.port });
    const jobs = await pushTags(registry, ["1", "2", "1"]);
    await waitForJobs(receiver, jobs);
    expect([receiver.jobs(), receiver.requests[0]?.headers.get("x-token")]).toEqual([jobs, "s3cret"]);
    expect(registry.stderr()).not.toContain("s3cret");
    expect(await registry.stop()).toBe(0);
    expect(readdirSync(join(directory.path, "notifications"))).toEqual([]);
  });

  test("hears of what was acknowledged before a kill, from the next process", async () => {
    using directory = temporaryDirectory();
    const port = freePort();
    const jobs: string[] = [];
    {
      await using killed = await start({ data: directory.path, port });
      jobs.push(...(await pushTags(killed, ["1", "2", "3"])));
      await killed.kill();
    }
    using receiver = startReceiver({ port });
    await using registry = await start({ data: directory.path, port });
    await waitForJobs(receiver, jobs);
    expect(receiver.jobs()).toEqual(jobs);
    // What was delivered is not delivered again by a third one.
    const count = receiver.requests.length;
    await registry.stop();
    await using third = await start({ data: directory.path, port });
    const more = await pushTags(third, ["4"]);
    await waitForJobs(receiver, [...jobs, ...more]);
    const again = receiver
      .events()
      .slice(count)
      .filter(({ target }) => target.tag !== undefined && target.tag !== "4");
    expect(again).toEqual([]);
  });

  test("hears of everything that a process left that dies beside another one", async () => {
    using directory = temporaryDirectory();
    const port = freePort();
    const jobs: string[] = [];
    await using staying = await start({ data: directory.path, port });
    {
      await using dying = await start({ data: directory.path, port });
      jobs.push(...(await pushTags(staying, ["1"])), ...(await pushTags(dying, ["2", "3"])));
      await dying.kill();
    }
    using receiver = startReceiver({ port });
    // A third one takes the files over at its start; the one that stays would within a minute.
    await using _third = await start({ data: directory.path, port });
    await waitForJobs(receiver, jobs);
    expect(sorted(receiver.jobs())).toEqual(sorted(jobs));
  });

  test("is down, answers with errors, and comes back: nothing is lost, and the log stays short", async () => {
    using directory = temporaryDirectory();
    const port = freePort();
    await using registry = await start({ data: directory.path, port });
    const startedMs = performance.now();
    const jobs = [...(await pushTags(registry, ["1", "2"]))];
    await waitUntil("the log says it", () => registry.stderr().includes("notifications cannot be delivered"));
    let failures = 0;
    {
      using failing = startReceiver({
        port,
        answer: () => {
          failures += 1;
          return new Response("broken", { status: 500 });
        },
      });
      jobs.push(...(await pushTags(registry, ["3"])));
      await waitUntil("it is tried again and again", () => failures > 5);
      expect(failing.requests).toEqual([]);
    }
    using receiver = startReceiver({ port });
    await waitForJobs(receiver, jobs);
    expect(receiver.jobs()).toEqual(jobs);
    const lines = registry
      .stderr()
      .split("\n")
      .filter((line) => line.includes("notifications cannot be delivered"));
    expect(lines.length).toBeLessThanOrEqual(1 + (performance.now() - startedMs) / 60_000);
  });

  test("that hangs costs pushes nothing, and a stop no more than the drain time", async () => {
    using directory = temporaryDirectory();
    using receiver = startReceiver({ answer: () => new Promise<Response>(() => undefined) });
    await using registry = await start({ data: directory.path, port: receiver.port, timeout: "1h" });
    const jobs = await pushTags(registry, ["1", "2", "3"]);
    expect(jobs.length).toBe(3);
    expect(await registry.stop()).toBe(0);
    using other = startReceiver();
    await using next = await start({ data: directory.path, port: other.port });
    await waitForJobs(other, jobs);
    expect([other.jobs(), next.pid > 0]).toEqual([jobs, true]);
  });

  test("that is slow gets everything all the same, some of it more than once", async () => {
    using directory = temporaryDirectory();
    let calls = 0;
    using receiver = startReceiver({
      answer: async () => {
        calls += 1;
        // Every other time later than the registry waits.
        if (calls % 2 === 1) await Bun.sleep(400);
        return new Response("late");
      },
    });
    await using registry = await start({ data: directory.path, port: receiver.port, timeout: "200ms" });
    const jobs = await pushTags(registry, ["1", "2"]);
    await waitForJobs(receiver, jobs);
    expect(receiver.jobs()).toEqual(jobs);
  });

  test("hears of a deletion too, and the files are for the owner alone", async () => {
    using directory = temporaryDirectory();
    const port = freePort();
    await using registry = await start({ data: directory.path, port });
    await pushTags(registry, ["1"]);
    await registry.fetch("/v2/team/app/manifests/1", { method: "DELETE" });
    const place = join(directory.path, "notifications");
    const modes = [place, ...readdirSync(place).map((name) => join(place, name))].map(
      (path) => statSync(path).mode & 0o777,
    );
    expect(modes).toEqual([0o700, 0o600]);
    using receiver = startReceiver({ port });
    await waitUntil("the deletion", () =>
      receiver.events().some(({ action, target }) => action === "delete" && target.tag === "1"),
    );
  });
});
