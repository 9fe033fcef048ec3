// The JSON Schema of a configuration file, for editors: which keys there are and what they mean. What a value may be in
// detail, `registry config` tells.
import * as z from "zod";
import { schema } from "./schema.ts";

/** What is used here of a JSON Schema, and what the sources say about a key besides. */
interface JsonSchema extends z.GlobalMeta {
  readonly [keyword: string]: unknown;
  readonly type?: unknown;
  readonly default?: unknown;
  readonly not?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

/** Quoted or not. */
const scalar = ["string", "number", "boolean", "null"];

/** The schema, as an object of JSON. In a draft that all editors know. */
export function describeAsJson(): object {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", target: "draft-7" }) as JsonSchema;
  return { title: "The configuration of registry", ...forEditors(json), required: ["version"] };
}

function forEditors(json: JsonSchema): object {
  const { flag, inFile, isFileOnly, isSecret, isProtective, refusesBlank, effect, closed, ...keywords } = json;
  const { properties, items, additionalProperties, type, propertyNames: _, required: _required, ...rest } = keywords;
  const about = {
    ...rest,
    ...(inFile === undefined ? {} : { default: inFile }),
    ...(effect === undefined ? {} : { description: "No effect in this version." }),
    ...(json.not === undefined ? {} : { description: "This version does not have it, and refuses it." }),
  };
  if (properties !== undefined) return { ...about, ...describeSection(properties, closed !== undefined) };
  if (items !== undefined) {
    const element = forEditors(items);
    return { ...about, anyOf: [{ type: "array", items: element }, element, { type: "null" }] };
  }
  if (typeof additionalProperties === "object") {
    return { ...about, type: ["object", "null"], additionalProperties: forEditors(additionalProperties) };
  }
  return { ...about, ...(type === undefined ? {} : { type: scalar }) };
}

/** A section may be empty; some may be `true` or `false`, and some the name of the one key in them. */
function describeSection({ isOn, ...properties }: Readonly<Record<string, JsonSchema>>, isNamed: boolean): object {
  const described = Object.entries(properties).map(([name, json]) => [name, forEditors(json)]);
  const others = [...(isOn === undefined ? [] : ["boolean", "string"]), ...(isNamed ? ["string"] : [])];
  return {
    type: ["object", "null", ...new Set(others)],
    properties: Object.fromEntries(described),
    additionalProperties: false,
  };
}
