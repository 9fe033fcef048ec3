// What the supervisor and its workers tell each other: plain values, since they are sent.
import type { Configuration } from "../../config/schema.ts";
import type { FailureCount } from "../../http/login-failures.ts";
import type { TlsMaterial } from "../../http/server.ts";
import type { Figures } from "../../metrics/figures.ts";
import type { EventRecord } from "../../notifications/announcer.ts";
import type { DecidedAccess } from "../access/open-access.ts";

/** A certificate as workers get it. */
export interface SentCertificate {
  readonly material: TlsMaterial;
  /** The authority behind it in PEM, if it is our own. */
  readonly authority: string | undefined;
}

/** What was read again: everything that a worker takes over of it. */
export interface SentReload {
  readonly configuration: Configuration;
  /** Access control as it is since then. */
  readonly access: DecidedAccess | undefined;
}

/** All that a worker begins with. */
export interface StartOrder {
  /** From 1. */
  readonly number: number;
  /** How many there are: they share what is limited. */
  readonly count: number;
  readonly supervisorPid: number;
  /** As the supervisor was started with, whatever was read again since; with the directory that it chose. */
  readonly configuration: Configuration;
  readonly hasFile: boolean;
  /** Access control as the supervisor opened it. */
  readonly access: DecidedAccess | undefined;
  readonly reload: SentReload | undefined;
  readonly port: number;
  /** Whether others serve at the port; if none does, it must be free. */
  readonly isPortShared: boolean;
  readonly certificate: SentCertificate | undefined;
  readonly problems: Readonly<Record<string, string>>;
  /** By which receivers of notifications know this registry. */
  readonly instanceId: string;
}

/** What the supervisor sends. */
export type WorkerOrder =
  | ({ readonly kind: "start" } & StartOrder)
  | { readonly kind: "certificate"; readonly certificate: SentCertificate }
  | ({ readonly kind: "reload" } & SentReload)
  /** Lets this listener of the port, by its number, have all new connections; undefined: the system chooses again. */
  | { readonly kind: "steer"; readonly listener: number | undefined }
  | { readonly kind: "health"; readonly problems: Readonly<Record<string, string>> }
  | { readonly kind: "login"; readonly count: FailureCount }
  | { readonly kind: "measure"; readonly id: number }
  /** The answer to events. */
  | {
      readonly kind: "taken";
      readonly id: number;
      readonly problem: string | undefined;
      /** The problem's, as the system's errors have one. */
      readonly code?: string | undefined;
    }
  | { readonly kind: "stop"; readonly drainMs: number }
  /** Nothing is expected any more. */
  | { readonly kind: "end" };

/** What a worker sends. */
export type WorkerReport =
  /** Its event loop turns. */
  | { readonly kind: "alive"; readonly receivedBytes: number }
  | { readonly kind: "serving"; readonly port: number }
  /** It listens with another certificate, and for a moment still with the one before. */
  | { readonly kind: "renewed" }
  /** It cannot start: one line for the operator. */
  | { readonly kind: "failed"; readonly problem: string }
  | { readonly kind: "login"; readonly count: FailureCount }
  | { readonly kind: "measured"; readonly id: number; readonly figures: readonly Figures[] }
  /** Events that must be on disk before the answer. */
  | { readonly kind: "keep"; readonly id: number; readonly record: EventRecord }
  /** Events that wait in memory. */
  | { readonly kind: "pass"; readonly id: number; readonly records: readonly EventRecord[] }
  /** Every request is answered. */
  | { readonly kind: "stopped"; readonly cutCount: number; readonly figures: readonly Figures[] };
