// Logins as metrics.
import type { DoorOptions, Login } from "../../http/door.ts";
import type { Metrics } from "../../metrics/metrics.ts";

/** Counts logins, and tells them to the audit log if there is one. */
export function withLoginMetrics(note: DoorOptions["noteLogin"], metrics: Metrics): (login: Login) => Promise<void> {
  const logins = metrics.counter(
    {
      name: "registry_auth_logins_total",
      help: "Logins with a name and a password or token, and names and passwords that were wrong, by outcome",
    },
    [{ outcome: "succeeded" }, { outcome: "failed" }],
  );
  return async (login) => {
    logins.add({ outcome: login.problem === undefined ? "succeeded" : "failed" });
    await note?.(login);
  };
}
