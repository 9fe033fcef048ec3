// How the registry is: what its checks found, the operator's switch, and whether it is about to stop.
import { RegistryError } from "../oci/errors.ts";
import type { Route } from "./route.ts";

/** Who asks about the registry's health. */
export interface HealthView {
  /** What is wrong, in a sentence by check; empty: nothing. */
  problems(): Readonly<Record<string, string>>;
  /** Whether new requests should come here: nothing is wrong, and it is not about to stop. */
  isReady(): boolean;
}

/** The switch's name among the checks, which is distribution's. */
const manualCheck = "manual_http_status";

/** The one place where health is noted and looked up. */
export class Health implements HealthView {
  readonly #problems = new Map<string, string>();
  readonly #tell: (problems: Readonly<Record<string, string>>) => void;
  #isStopping = false;

  /** `tell` receives all problems when one has come or gone. */
  constructor(tell: (problems: Readonly<Record<string, string>>) => void = () => undefined) {
    this.#tell = tell;
  }

  /** Notes what a check found wrong; undefined: nothing. */
  note(check: string, problem: string | undefined): void {
    if (this.#problems.get(check) === problem) return;
    if (problem === undefined) this.#problems.delete(check);
    else this.#problems.set(check, problem);
    this.#tell(this.problems());
  }

  /** Takes over what another process has found. */
  replace(problems: Readonly<Record<string, string>>): void {
    this.#problems.clear();
    for (const [check, problem] of Object.entries(problems)) this.#problems.set(check, problem);
  }

  /** The operator's switch: takes the registry out of service, and back. */
  switchTo(position: "up" | "down"): void {
    this.note(manualCheck, position === "up" ? undefined : "manual Check");
  }

  /** From now on load balancers are told to send nothing more; what still comes is served. */
  beginStopping(): void {
    this.#isStopping = true;
  }

  problems(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#problems);
  }

  isReady(): boolean {
    return !this.#isStopping && this.#problems.size === 0;
  }
}

/** Refuses every request but a probe while something is wrong, as distribution does. */
export function refuseUnhealthy(route: Route, health: HealthView | undefined): void {
  if (health === undefined || route.kind === "live" || route.kind === "ready") return;
  if (Object.keys(health.problems()).length === 0) return;
  throw new RegistryError("UNAVAILABLE", { message: "a health check fails: see /debug/health", retryAfterSeconds: 10 });
}
