// The store with a watch: how long its calls take, by distribution's names for them, and what uploads bring.
import type { Metrics } from "../../metrics/metrics.ts";
import type { Store } from "../../registry/store.ts";
import type { Collection, Garbage } from "../../storage/garbage.ts";
import type { Objects, Upload, Uploads } from "../../storage/ports.ts";
import { timedChanges } from "./timed-changes.ts";

/** distribution's names, and ours for what it does not have: waiting for a lock, adding to an upload. */
type DriverCall =
  | "GetContent"
  | "PutContent"
  | "Reader"
  | "Writer"
  | "Append"
  | "Stat"
  | "List"
  | "Move"
  | "Delete"
  | "Lock";

type Time = <T>(action: DriverCall, call: () => Promise<T>) => Promise<T>;

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The same store, whose calls are measured. */
export function withStorageMetrics(store: Store, metrics: Metrics): Store {
  const seconds = metrics.histogram(
    { name: "registry_storage_action_seconds", help: "Time that calls of the storage driver take" },
    bounds,
  );
  // As distribution calls them.
  const driver = store.listings === undefined ? "filesystem" : "s3aws";
  const time: Time = async (action, call) => {
    const startedMs = performance.now();
    try {
      return await call();
    } finally {
      seconds.observe({ action, driver }, (performance.now() - startedMs) / 1000);
    }
  };
  addSpace(store, metrics);
  addDescriptorCache(metrics);
  return {
    ...store,
    objects: timedObjects(store.objects, time),
    changes: timedChanges(store.changes, time),
    garbage: timedGarbage(store.garbage, time),
    uploads: countedUploads(store.uploads, time, metrics),
  };
}

function addSpace({ directory }: Store, metrics: Metrics): void {
  metrics.read(
    "gauge",
    { name: "registry_storage_free_bytes", help: "Free space of the filesystem that holds the data", merging: "first" },
    async () => {
      return (await directory.space()).freeBytes;
    },
  );
  metrics.read(
    "gauge",
    { name: "registry_storage_size_bytes", help: "Size of the filesystem that holds the data", merging: "first" },
    async () => {
      return (await directory.space()).totalBytes;
    },
  );
}

/** What dashboards for distribution divide by each other. */
function addDescriptorCache(metrics: Metrics): void {
  for (const what of ["requests", "hits", "errors"]) {
    const help = `${what} of distribution's cache of descriptors; always 0, since there is none here`;
    metrics.counter(
      { name: `registry_storage_cache_${what}_total`, help: `${help.charAt(0).toUpperCase()}${help.slice(1)}` },
      [{}],
    );
  }
}

function timedObjects(objects: Objects, time: Time): Objects {
  return {
    stat: (...asked) => time("Stat", () => objects.stat(...asked)),
    read: (...asked) => time("GetContent", () => objects.read(...asked)),
    open: (...asked) => time("Reader", () => objects.open(...asked)),
    put: (...asked) => time("PutContent", () => objects.put(...asked)),
    putAll: (...asked) => time("PutContent", () => objects.putAll(...asked)),
    flush: () => time("PutContent", () => objects.flush()),
    append: (...asked) => time("Append", () => objects.append(...asked)),
    renew: (...asked) => time("PutContent", () => objects.renew(...asked)),
    delete: (...asked) => time("Delete", () => objects.delete(...asked)),
    list: (...asked) => time("List", () => objects.list(...asked)),
    names: (...asked) => time("List", () => objects.names(...asked)),
  };
}

function timedGarbage(garbage: Garbage, time: Time): Garbage {
  return {
    list: () => time("List", () => garbage.list()),
    stat: (...asked) => time("Stat", () => garbage.stat(...asked)),
    open: (...asked) => time("Reader", () => garbage.open(...asked)),
    restore: (...asked) => time("Move", () => garbage.restore(...asked)),
    setAside: (...asked) => time("Move", () => garbage.setAside(...asked)),
    tidy: () => time("Delete", () => garbage.tidy()),
    collect: async (...asked) => {
      const collection = await garbage.collect(...asked);
      return "heldBy" in collection ? collection : timedCollection(collection, time);
    },
  };
}

function timedCollection(collection: Collection, time: Time): Collection {
  return {
    condemned: () => time("List", () => collection.condemned()),
    destroy: (...asked) => time("Delete", () => collection.destroy(...asked)),
    condemn: (...asked) => time("Move", () => collection.condemn(...asked)),
    keep: () => collection.keep(),
    finish: () => time("PutContent", () => collection.finish()),
    [Symbol.asyncDispose]: () => collection[Symbol.asyncDispose](),
  };
}

function countedUploads(uploads: Uploads, time: Time, metrics: Metrics): Uploads {
  const counter = (name: string, help: string) =>
    metrics.counter({ name: `registry_uploads_${name}_total`, help }, [{}]);
  const started = counter("started", "Uploads of blobs that were begun");
  const finished = counter("finished", "Uploads that became a blob");
  const received = counter("received_bytes", "Bytes that came in uploads");
  const counts = {
    time,
    finished: () => finished.add({}),
    received: (sizeBytes: number) => received.add({}, sizeBytes),
  };
  return {
    create: async (...asked) => {
      await time("PutContent", () => uploads.create(...asked));
      started.add({});
    },
    protect: (...asked) => uploads.protect(...asked),
    size: (...asked) => time("Stat", () => uploads.size(...asked)),
    changedMs: (...asked) => time("Stat", () => uploads.changedMs(...asked)),
    discard: (...asked) => time("Delete", () => uploads.discard(...asked)),
    cancel: (...asked) => time("Delete", () => uploads.cancel(...asked)),
    open: async (...asked) => {
      const opened = await time("Writer", () => uploads.open(...asked));
      return opened === undefined || opened === "busy" ? opened : countedUpload(opened, counts);
    },
  };
}

interface UploadCounts {
  readonly time: Time;
  readonly finished: () => void;
  readonly received: (sizeBytes: number) => void;
}

function countedUpload(upload: Upload, { time, finished, received }: UploadCounts): Upload {
  return {
    get sizeBytes() {
      return upload.sizeBytes;
    },
    get identity() {
      return upload.identity;
    },
    isRemembered: () => upload.isRemembered(),
    get note() {
      return upload.note;
    },
    keep: (note) => upload.keep(note),
    content: () => upload.content(),
    append: async (pieces) => {
      const before = upload.sizeBytes;
      try {
        await time("Append", () => upload.append(pieces));
      } finally {
        received(upload.sizeBytes - before);
      }
    },
    commit: async (to) => {
      await time("Move", () => upload.commit(to));
      finished();
    },
    [Symbol.asyncDispose]: () => upload[Symbol.asyncDispose](),
  };
}
