// Numbers of things in messages.

/** Such as "1 blob", "3 blobs", "1 repository", "0 repositories". */
export function counted(count: number, what: string): string {
  if (count === 1) return `1 ${what}`;
  return `${count} ${what.endsWith("y") ? `${what.slice(0, -1)}ie` : what}s`;
}
