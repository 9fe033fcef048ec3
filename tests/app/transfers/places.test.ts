import { expect, test } from "bun:test";
import {
  listRepositoryNames,
  openCopiedStore,
  repositoryDestination,
  repositorySource,
} from "../../../src/app/transfers/places.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { named, pushImage, stocked } from "../../registry/stocked.ts";
import { startFaultyRegistry } from "../../transfer/faulty-registry.ts";
import { placesOf } from "./copying-places.ts";

test("repositories are those of the store, or of a registry", async () => {
  await using registry = startFaultyRegistry();
  const stock = stocked();
  await pushImage(stock, "mine", { tag: "v1" });
  await pushImage(registry.stock, "theirs", { tag: "v1" });
  const places = placesOf(stock);
  expect([
    await Array.fromAsync(listRepositoryNames(places, undefined)),
    await Array.fromAsync(listRepositoryNames(places, registry.host)),
  ] as unknown[]).toEqual([["mine"], ["theirs"]]);
  const mine = await repositorySource(places, undefined, named("mine"));
  const theirs = await repositorySource(places, registry.host, named("theirs"));
  expect([mine.label, theirs.label, mine.home?.registry]).toEqual(["mine", `${registry.host}/theirs`, ""]);
  const destination = await repositoryDestination(places, undefined, named("copy"));
  expect([
    destination.label,
    (await repositoryDestination(places, registry.host, named("copy"))).home?.registry,
  ]).toEqual(["copy", registry.host]);
});

test("the store of a copy has the rules of its configuration", async () => {
  const { configuration } = await loadConfiguration({ path: undefined, env: {}, flags: {} });
  const { registry } = openCopiedStore(stocked().store, configuration);
  expect(
    await Array.fromAsync(
      listRepositoryNames({ ...placesOf(), store: { store: stocked().store, registry } }, undefined),
    ),
  ).toEqual([]);
});
