import { expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { measureUploads } from "../../../src/registry/reading/open-uploads.ts";
import { named, stocked, utf8 } from "../stocked.ts";

test("measureUploads() counts sessions and what has arrived in them, over all repositories", async () => {
  const { store, registry } = stocked();
  const body = async function* () {
    yield utf8("12345");
  };
  for (const name of ["app", "team/app"]) {
    const { uploads } = registry.repository(named(name), anonymous());
    await uploads.append(await uploads.start("sha256"), { body, range: undefined });
  }
  expect(await measureUploads(store)).toEqual({ sessions: 2, sizeBytes: 10 });
  const left = measureUploads(store, AbortSignal.abort()).catch((error: Error) => error.name);
  expect(await left).toBe("AbortError");
});
