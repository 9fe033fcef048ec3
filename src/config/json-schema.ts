// The JSON Schema of a configuration file, for editors.
import * as z from "zod";
import { schema } from "./schema.ts";

/** A scalar may be written with or without quotes, and a section may be left empty. */
function loosen({ jsonSchema }: { readonly jsonSchema: { type?: unknown } }): void {
  if (jsonSchema.type === "string") jsonSchema.type = ["string", "number", "boolean"];
  if (jsonSchema.type === "object") jsonSchema.type = ["object", "null", "boolean", "string"];
}

/** The schema, as an object of JSON. */
export function describeAsJson(): object {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any", override: loosen as never });
}
