// What the schema says about a key beside its type.
//
//   name: section({
//     key: duration.prefault("30s").meta({ description: "What it does." }),
//   }),
//
// A default is written as in a file. A key has one, or is optional; so any section may be absent.

import * as z from "zod";

declare module "zod" {
  interface GlobalMeta {
    /** One sentence for the documentation. */
    description?: string;
    /** The flag that sets the key, without its dashes, in every command that has it. */
    flag?: string;
    /** The default if there is a file, if it is another one: distribution's. */
    inFile?: string | readonly string[];
    /** No variable sets the key. */
    isFileOnly?: boolean;
    /** The value is never shown. */
    isSecret?: boolean;
    /** A duplicate must not hide what was written here before. */
    isProtective?: boolean;
    /** A key of distribution without an effect here: one that is warned about, or one that is not worth it. */
    effect?: "ignored" | "silent";
    /** Of an unsupported key: an error even if it is empty. */
    refusesBlank?: boolean;
    /** Of a section: why an unknown name in it is an error rather than a warning. */
    closed?: string;
  }
}

/** A section. One with `isOn` among its keys is on if it is present, whatever it holds, unless that is `false`. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  // No type says that every key has a default or is optional; tests/config/schema.test.ts does.
  return z.object(shape).prefault({} as z.input<z.ZodObject<Shape>>);
}

/** A key or section of distribution that has no effect here; the warning says so. */
export const ignored = z.unknown().optional().meta({ effect: "ignored" });

/** A key or section of distribution that has no effect, nor needs one. */
export const silent = z.unknown().optional().meta({ effect: "silent" });

/** A key or section of distribution that must not be ignored; the error follows its name. */
export function unsupported(error: string) {
  return z.never({ error }).optional();
}
