// The names of the schema as a tree: what may be written below what, and what is known about it.

import * as z from "zod";

/** A section, a key, or what may be in a list or map. */
export interface Node {
  /** Names joined with dots; elements have the path of their list or map. */
  readonly path: string;
  /** Foreign: a key or section of distribution that is not read. */
  readonly kind: "section" | "list" | "map" | "value" | "foreign";
  /** A section that is on if it is present, whatever it holds, unless that is `false`. */
  readonly isSwitch: boolean;
  /** The names in a section. */
  readonly children: ReadonlyMap<string, Node>;
  /** What the elements of a list or map are. */
  readonly element: Node | undefined;
  readonly about: z.GlobalMeta;
  /** The default, as it would be written; undefined: none. */
  readonly fallback: unknown;
}

const isOn = "isOn";

/** The tree of a schema. */
export function describeSchema(schema: z.ZodType, path = ""): Node {
  const { inner, fallback } = unwrap(schema);
  const below = (name: string) => (path === "" ? name : `${path}.${name}`);
  const shape: Readonly<Record<string, z.ZodType>> = inner instanceof z.ZodObject ? inner.shape : {};
  const names = Object.keys(shape).filter((name) => name !== isOn);
  const element =
    inner instanceof z.ZodArray ? inner.element : inner instanceof z.ZodRecord ? inner.valueType : undefined;
  return {
    path,
    kind: kindOf(inner),
    isSwitch: isOn in shape,
    children: new Map(names.map((name) => [name, describeSchema(shape[name] as z.ZodType, below(name))])),
    element: element === undefined ? undefined : describeSchema(element as z.ZodType, path),
    about: schema.meta() ?? {},
    fallback: isOn in shape ? unwrap(shape[isOn] as z.ZodType).fallback : fallback,
  };
}

/** Every node below this one that has a name of its own: sections and keys, in their order. */
export function listNodes(node: Node): readonly Node[] {
  return [...node.children.values()].flatMap((child) => [child, ...listNodes(child)]);
}

/** The node of a path of map keys and list indexes; undefined if the path means nothing. */
export function nodeAt(node: Node | undefined, segments: readonly PropertyKey[]): Node | undefined {
  return segments.reduce<Node | undefined>((here, name) => here?.element ?? here?.children.get(String(name)), node);
}

/** The schema inside defaults and transformations. */
function unwrap(schema: z.ZodType): { readonly inner: z.ZodType; readonly fallback: unknown } {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault) {
    return { inner: unwrap(schema.unwrap() as z.ZodType).inner, fallback: schema.def.defaultValue };
  }
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) return unwrap(schema.in as z.ZodType);
  return { inner: schema, fallback: undefined };
}

function kindOf(schema: z.ZodType): Node["kind"] {
  if (schema instanceof z.ZodObject) return "section";
  if (schema instanceof z.ZodArray) return "list";
  if (schema instanceof z.ZodRecord) return "map";
  return schema instanceof z.ZodUnknown || schema instanceof z.ZodNever ? "foreign" : "value";
}
