// The section `storage`.
import { ignored, section, unsupported } from "./about.ts";
import { s3 } from "./s3-section.ts";
import { boolean, count, longDuration, text } from "./values.ts";

const noDriver = "this version has no such storage driver; use filesystem or s3";
const missingDriver = unsupported(noDriver).meta({ refusesBlank: true });

const maxTagReads = 1000;

/** Where and how content is stored. */
export const storage = section({
  filesystem: section({
    rootdirectory: text.optional().meta({
      description: "The directory that holds everything.",
      flag: "data",
      // Without a file, it is chosen at the start: the first usual place that can be written.
      inFile: "/var/lib/registry",
    }),
    durable: boolean
      .prefault("true")
      .describe("Whether what was acknowledged survives a power loss; with false it survives kills and crashes only."),
    maxthreads: count
      .prefault("100")
      .describe("Accepted for compatibility with distribution; no effect, since no threads are held for the disk."),
  }),
  delete: section({
    enabled: boolean.prefault("true").meta({
      description: "Whether blobs, manifests and tags may be deleted; otherwise DELETE is answered with 405.",
      inFile: "false",
    }),
  }).meta({ isProtective: true }),
  maintenance: section({
    readonly: section({
      enabled: boolean.prefault("false").describe("Whether writes are refused with 405."),
    }).meta({ isProtective: true }),
    uploadpurging: section({
      enabled: boolean
        .prefault("true")
        .describe("Whether abandoned uploads are removed, by the server and by `registry gc`."),
      age: longDuration
        .prefault("168h")
        .describe("How long an upload may go without progress before it counts as abandoned."),
      interval: longDuration
        .prefault("24h")
        .describe("How long after a search for abandoned uploads the server searches again."),
      dryrun: boolean
        .prefault("false")
        .describe("Whether the server only logs which uploads it would remove, and `registry gc` leaves them."),
    }),
  }),
  cache: ignored,
  redirect: section({
    disable: boolean.prefault("false").meta({
      description:
        "Whether blobs in a bucket are sent by the registry; otherwise clients are sent to the object store.",
      isProtective: true,
    }),
  }),
  tag: section({
    concurrencylimit: count
      .refine((reads) => reads >= 0 && reads <= maxTagReads, `must be a number from 0 to ${maxTagReads}`)
      .prefault("0")
      .describe("How many tags are read at once to find those of a manifest that is deleted; 0: one for each core."),
  }),
  s3,
  gcs: missingDriver,
  azure: missingDriver,
  swift: missingDriver,
  oss: missingDriver,
  inmemory: missingDriver,
}).meta({ closed: noDriver });
