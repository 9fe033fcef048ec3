// What a user without rights meets: root may do everything, so its tests must become somebody else for a moment.

/** A user without rights, such as "nobody"; the number needs no account. */
const otherUser = 65534;

/** Whether this process may become another user. */
export const isRoot = process.geteuid?.() === 0;

/** Runs the work as a user without rights where this process is root; else as the user that it is. */
export async function withoutRoot<T>(work: () => Promise<T>): Promise<T> {
  if (!isRoot) return work();
  process.setegid?.(otherUser);
  process.seteuid?.(otherUser);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
