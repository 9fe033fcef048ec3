// A driver in which a test sees, delays or fails single calls; every other call goes through.
import { LockedChanges } from "../../src/storage/locked-changes.ts";
import type { Objects } from "../../src/storage/ports.ts";
import { TrashGarbage } from "../../src/storage/trash-garbage.ts";
import type { LockedDriver } from "./contract.ts";

type Call = (...args: unknown[]) => Promise<unknown> | unknown;
type Hook = ((...args: unknown[]) => Promise<void> | void) | undefined;

/** The ports that every driver has. */
type PortName = Exclude<keyof LockedDriver, "listings" | "claims">;

/** Called before a call: what it throws, the call throws; what it waits for, the call waits for. */
export type Hooks = { readonly [Port in PortName]?: HooksOf<LockedDriver[Port]> };
type HooksOf<Port> = {
  readonly [Name in keyof Port]?: Port[Name] extends (...args: infer Args) => unknown
    ? (...args: Args) => Promise<void> | void
    : never;
};

/** Calls that are answered by the test. */
export type Answers = { readonly [Port in PortName]?: Partial<LockedDriver[Port]> };

/** The driver with hooks before its calls. */
export function intercept(driver: LockedDriver, hooks: Hooks): LockedDriver {
  return wrapCalls(driver, (port, name, call) => {
    const hook = (hooks[port] as Record<string, Hook> | undefined)?.[name];
    if (hook === undefined) return call;
    return async (...args) => {
      await hook(...args);
      return await call(...args);
    };
  });
}

/** The driver with some calls answered by the test. */
export function answering(driver: LockedDriver, answers: Answers): LockedDriver {
  return wrapCalls(driver, (port, name, call) => (answers[port] as Record<string, Call> | undefined)?.[name] ?? call);
}

/** The driver with other calls in the place of its own; `wrap` gets the port's name, the call's and the call. */
export function wrapCalls(
  driver: LockedDriver,
  wrap: (port: PortName, name: string, call: Call) => Call,
): LockedDriver {
  const wrapped = <Port extends PortName>(port: Port, calls: LockedDriver[Port] = driver[port]): LockedDriver[Port] =>
    new Proxy<LockedDriver[Port]>(calls, {
      get: (target, name) => {
        const call = (target as unknown as Record<string | symbol, Call | undefined>)[name];
        return typeof call === "function" && typeof name === "string" ? wrap(port, name, call.bind(target)) : call;
      },
    });
  const [single, locks, trash] = [wrapped("objects"), wrapped("locks"), wrapped("trash")];
  const objects = puttingEach(single);
  // What is made of them calls those that are wrapped.
  return {
    objects,
    changes: wrapped("changes", new LockedChanges({ objects, locks, trash, newId: () => crypto.randomUUID() })),
    locks,
    trash,
    garbage: wrapped("garbage", new TrashGarbage({ locks, trash })),
    uploads: wrapped("uploads"),
    transfers: wrapped("transfers"),
    directory: wrapped("directory"),
    listings: driver.listings,
  };
}

/** Objects of which several that are put together are put one after the other, so that a test sees each of them. */
function puttingEach(objects: Objects): Objects {
  const putAll: Objects["putAll"] = async (all, options) => {
    for (const { key, bytes } of all) await objects.put(key, bytes, options);
  };
  return new Proxy(objects, { get: (target, name) => (name === "putAll" ? putAll : Reflect.get(target, name)) });
}
