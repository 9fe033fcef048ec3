import { expect, test } from "bun:test";
import { describeAsJson } from "../../src/config/json-schema.ts";

interface Described {
  readonly [keyword: string]: unknown;
  readonly properties: Readonly<Record<string, Described>>;
}

const schema = describeAsJson() as Described;
const { gc, storage, http, notifications: _, ...others } = schema.properties;

test("keys may be written without quotes, and sections may be empty, a name, or on and off", () => {
  expect(storage?.type).toEqual(["object", "null", "string"]);
  expect(gc?.type).toEqual(["object", "null", "boolean", "string"]);
  expect(gc?.properties.interval).toMatchObject({
    description: "How long after a garbage collection the next one begins.",
    default: "24h",
    type: ["string", "number", "boolean", "null"],
  });
});

test("defaults are those of a file, and keys without effect say so", () => {
  expect(storage?.properties.delete?.properties.enabled?.default).toBe("false");
  expect(others.redis?.description).toBe("No effect in this version.");
  expect(storage?.properties.gcs).toMatchObject({
    not: {},
    description: "This version does not have it, and refuses it.",
  });
});

test("unknown keys are wrong, and what only the sources need is left out", () => {
  expect([schema.additionalProperties, http?.additionalProperties, schema.required]).toEqual([
    false,
    false,
    ["version"],
  ]);
  expect(JSON.stringify(schema)).not.toMatch(/isOn|isSecret|isProtective|"flag"|inFile|"effect"/);
});
