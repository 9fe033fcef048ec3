// The directories right below the root of a store. What lies in the first of them is drawn in registry/layout.ts.

/** Repositories and blobs, where other registries keep them. */
export const sharedPlace = "docker/registry/v2";
/** The bytes of blobs and manifests, below the first of them. */
export const contentsPlace = `${sharedPlace}/blobs`;
/** Lock files. */
export const locksPlace = "locks";
/** What was condemned or discarded. */
export const trashPlace = "trash";
/** What the garbage collector notes. */
export const collectorPlace = "gc";
/** Blobs on their way from another registry. */
export const transfersPlace = "proxy";
/** The names of repositories, of a store that can be listed. */
export const catalogPlace = "catalog";
/** Events that wait to be delivered. */
export const notificationsPlace = "notifications";
