// The keys of uploads that nobody finishes, as in distribution.
import { key } from "./key.ts";
import { boolean, longDuration } from "./value-type.ts";

const hourMs = 3_600_000;

/** Those of the section storage.maintenance.uploadpurging. */
export const uploadKeys = {
  isPurging: key("storage.maintenance.uploadpurging.enabled", {
    type: boolean,
    default: true,
    help: "Whether uploads that nobody goes on with are removed, by the server and by `registry gc`.",
  }),
  purgeAge: key("storage.maintenance.uploadpurging.age", {
    type: longDuration,
    default: 168 * hourMs,
    help: "How long an upload may rest before it is removed.",
  }),
  purgeInterval: key("storage.maintenance.uploadpurging.interval", {
    type: longDuration,
    default: 24 * hourMs,
    help: "How long after the server has looked for such uploads it does so again.",
  }),
  isPurgeDry: key("storage.maintenance.uploadpurging.dryrun", {
    type: boolean,
    default: false,
    help: "Whether the server only logs which uploads it would remove, and `registry gc` leaves them.",
  }),
} as const;
