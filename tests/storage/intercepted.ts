// A driver in which a test sees, delays or fails single calls; every other call goes through.
import type { Driver } from "../../src/storage/driver.ts";

/** Stands before a call: what it throws, the call throws; what it waits for, the call waits for. */
export type Hooks = { readonly [Name in keyof Driver]?: (...args: Parameters<Driver[Name]>) => Promise<void> | void };

/** The driver with hooks before its calls. */
export function intercept(driver: Driver, hooks: Hooks): Driver {
  return new Proxy(driver, {
    get: (target, name: keyof Driver) => {
      const call = target[name].bind(target) as (...args: unknown[]) => Promise<unknown>;
      const hook = hooks[name] as ((...args: unknown[]) => Promise<void> | void) | undefined;
      if (hook === undefined) return call;
      return async (...args: unknown[]) => {
        await hook(...args);
        return await call(...args);
      };
    },
  });
}

/** The driver with some calls answered by the test. */
export function answering(driver: Driver, answers: Partial<Driver>): Driver {
  return new Proxy(driver, {
    get: (target, name: keyof Driver) => {
      const answer = answers[name];
      return answer === undefined ? target[name].bind(target) : answer;
    },
  });
}
