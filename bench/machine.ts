// On what machine numbers were measured.
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

/** One line: processors, memory, system. */
export function describeMachine(): string {
  const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  const gib = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, ${gib} GiB, Linux ${release()}, ${name}`;
}
