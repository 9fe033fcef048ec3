// Functions of the C library that neither Node nor Bun offers.
import { dlopen } from "bun:ffi";

/** glibc, musl on two architectures, macOS: the first that loads. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libSystem.B.dylib"];

type LibcFunction = (...values: (number | Uint8Array)[]) => number;

const bound = new Map<string, LibcFunction | undefined>();

/** A function of the C library by its name and the types of its arguments; undefined if there is none. */
export function bindLibc(name: string, args: readonly ("i32" | "i64" | "ptr")[]): LibcFunction | undefined {
  if (!bound.has(name)) bound.set(name, bindAnew(name, args));
  return bound.get(name);
}

function bindAnew(name: string, args: readonly ("i32" | "i64" | "ptr")[]): LibcFunction | undefined {
  for (const library of libraries) {
    try {
      return dlopen(library, { [name]: { args: [...args], returns: "i32" } }).symbols[name];
    } catch {
      // Not this C library, or one without the function.
    }
  }
  return undefined;
}

/** Where a function of the C library lies in memory, to be called by the system; undefined if there is none. */
export function addressInLibc(name: string): number | undefined {
  const symbol = bindLibc(name, []);
  return symbol !== undefined && "ptr" in symbol && typeof symbol.ptr === "number" ? symbol.ptr : undefined;
}

/** Flushes the whole filesystem of an open file; undefined if the C library has no such function (macOS). */
export function openSyncfs(): ((descriptor: number) => boolean) | undefined {
  const syncfs = bindLibc("syncfs", ["i32"]);
  return syncfs === undefined ? undefined : (descriptor) => syncfs(descriptor) === 0;
}
