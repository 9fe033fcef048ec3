import { expect, test } from "bun:test";
import { named, pushImage } from "../../registry/stocked.ts";
import { startFaultyRegistry } from "../../transfer/faulty-registry.ts";
import { placesOf } from "./copying-places.ts";

test("a registry has one client, whichever of its repositories is meant", async () => {
  await using registry = startFaultyRegistry();
  await pushImage(registry.stock, "app", { tag: "v1" });
  const { registries } = placesOf();
  const [one, two] = [
    await registries.repository(registry.host, named("app")),
    await registries.repository(registry.host, named("b")),
  ];
  expect([one.api === two.api, one.name as string, two.name as string]).toEqual([true, "app", "b"]);
  expect(await Array.fromAsync(one.api.listTags(one.name))).toEqual([["v1"]]);
});
