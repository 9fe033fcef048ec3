import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Registries } from "../../../src/app/transfers/registries.ts";
import { named, pushImage } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
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

test("logins are those of the user who began, even if the files cannot be read later", async () => {
  await using registry = startFaultyRegistry();
  await pushImage(registry.stock, "app", { tag: "v1" });
  using home = temporaryDirectory();
  const file = join(home.path, ".docker/config.json");
  mkdirSync(join(home.path, ".docker"));
  writeFileSync(file, JSON.stringify({ auths: { [registry.host]: { auth: btoa("me:secret") } } }));
  const { signal } = new AbortController();
  const env = { HOME: home.path };
  const registries = new Registries({ env, uid: undefined, warn: () => {}, now: Date.now, isPlain: true, signal });
  rmSync(file);
  const headers = { "WWW-Authenticate": 'Basic realm="x"' };
  registry.fail((request) =>
    request.headers.get("authorization") === `Basic ${btoa("me:secret")}`
      ? undefined
      : new Response("", { status: 401, headers }),
  );
  const { api, name } = await registries.repository(registry.host, named("app"));
  expect(await Array.fromAsync(api.listTags(name))).toEqual([["v1"]]);
});
