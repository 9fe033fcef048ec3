import { expect, test } from "bun:test";
import { describeAsJson } from "../../src/config/json-schema.ts";

test("scalars may be written without quotes, and sections may be empty", () => {
  const { properties } = describeAsJson() as {
    readonly properties: Readonly<
      Record<string, { readonly type: unknown; readonly properties: Record<string, unknown> }>
    >;
  };
  expect(properties.storage).toMatchObject({ type: ["object", "null", "boolean", "string"] });
  expect(properties.gc?.properties.interval).toMatchObject({ type: ["string", "number", "boolean"], default: "24h" });
});
