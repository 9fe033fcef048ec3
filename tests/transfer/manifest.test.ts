import { expect, test } from "bun:test";
import { readManifest } from "../../src/transfer/manifest.ts";
import { codeOf } from "../registry/refused.ts";
import { digestOf, utf8 } from "../registry/stocked.ts";

test("readManifest() refuses what no registry may store", async () => {
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const whole = (text: string) => ({ bytes: utf8(text), digest: digestOf(text), mediaType });
  expect((await readManifest(whole('{"schemaVersion":2,"manifests":[]}'))).kind).toBe("index");
  expect(await codeOf(readManifest(whole('{"schemaVersion":1}')))).toBe("MANIFEST_INVALID");
});
