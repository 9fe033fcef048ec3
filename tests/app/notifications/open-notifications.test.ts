import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { openNotifications } from "../../../src/app/notifications/open-notifications.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { load } from "../../config/written-file.ts";
import { until } from "../../notifications/made-events.ts";
import { named, pushImage, stocked, tagged } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

async function opening(root: string, endpoints: string) {
  const stock = stocked();
  const { configuration } = await load({
    text: `version: 0.1\nhttp: {addr: ':5003'}\nnotifications: {endpoints: [${endpoints}]}\n`,
  });
  const logger = createLogger({ level: "error", format: "text", write: () => undefined, now: Date.now });
  const means = {
    store: stock.store,
    dataDirectory: root,
    secrets: undefined,
    logger,
    metrics: new Metrics(),
    instanceId: "i",
  };
  return { stock, opened: openNotifications(configuration, means) };
}

test("without an endpoint that is on the registry stays as it is", async () => {
  using directory = temporaryDirectory();
  const { stock, opened } = await opening(directory.path, "{name: a, disabled: true, url: 'http://127.0.0.1:1'}");
  expect([opened.wrap(stock.registry) === stock.registry, readdirSync(directory.path)]).toEqual([true, []]);
  await opened.stop(0);
});

test("what is done while nobody listens is delivered by the next process", async () => {
  using directory = temporaryDirectory();
  const received: { readonly action: string; readonly source: { readonly addr: string } }[] = [];
  const refusing = { isOn: true };
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      if (refusing.isOn) return new Response("down", { status: 503 });
      received.push(...((await request.json()) as { events: typeof received }).events);
      return new Response();
    },
  });
  const endpoints = `{name: ci, url: 'http://127.0.0.1:${server.port}/', timeout: 30s, ignore: {actions: [pull]}}`;
  const first = await opening(directory.path, endpoints);
  await pushImage(first.stock, "app", { tag: "1" });
  const registry = first.opened.wrap(first.stock.registry);
  await registry.repository(named("app"), { name: "alice", requestId: "r" }).tags.delete(tagged("1"));
  expect(existsSync(join(directory.path, "notifications"))).toBe(true);
  await first.opened.stop(1000);
  refusing.isOn = false;
  const second = await opening(directory.path, endpoints);
  await until("it is delivered", () => received.length > 0);
  await second.opened.stop(1000);
  expect(received).toEqual([
    expect.objectContaining({ action: "delete", source: expect.objectContaining({ addr: `${hostname()}:5003` }) }),
  ]);
  expect(readdirSync(join(directory.path, "notifications"))).toEqual([]);
});
