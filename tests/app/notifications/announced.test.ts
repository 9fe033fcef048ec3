import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { configuredEndpoints, describeFor, withAnnouncements } from "../../../src/app/notifications/announced.ts";
import type { EventRecord } from "../../../src/notifications/announcer.ts";
import { load } from "../../config/written-file.ts";
import { pushImage, stocked } from "../../registry/stocked.ts";

const text = `version: 0.1
http: {addr: ':5003'}
notifications:
  events: {includereferences: true}
  endpoints:
    - {name: a, url: 'http://a.example', ignoredmediatypes: [x], ignore: {mediatypes: [y], actions: [pull]}}
    - {name: b, url: 'http://b.example', disabled: true}
`;

test("endpoints that are on count, with everything that they do not want", async () => {
  const { configuration } = await load({ text });
  const endpoints = configuredEndpoints(configuration).map(({ name, ignoredMediaTypes, ignoredActions }) => ({
    name,
    ignoredMediaTypes,
    ignoredActions,
  }));
  expect(endpoints).toEqual([{ name: "a", ignoredMediaTypes: ["x", "y"], ignoredActions: ["pull"] }]);
});

test("the registry is named by this machine, its port, and its instance", async () => {
  const { configuration } = await load({ text });
  const { source, includesReferences } = describeFor(configuration, { store: stocked().store, instanceId: "i" });
  expect([source, includesReferences]).toEqual([{ addr: `${hostname()}:5003`, instanceID: "i" }, true]);
});

test("what is done waits in the sink; without an endpoint the registry stays as it is", async () => {
  const stock = stocked();
  const kept: EventRecord[] = [];
  const sink = { keep: async (record: EventRecord) => void kept.push(record), pass: () => undefined };
  const means = { store: stock.store, instanceId: "i", sink };
  const { configuration } = await load({ text });
  const without = (await load({ text: "version: 0.1\n" })).configuration;
  const registry = withAnnouncements(stock.registry, configuration, means);
  await pushImage({ ...stock, registry }, "app");
  expect([kept.length > 0, withAnnouncements(stock.registry, without, means) === stock.registry]).toEqual([true, true]);
});
