import { describe, expect, test } from "bun:test";
import { AuditLog } from "../../src/log/audit-log.ts";

const now = () => Date.UTC(2026, 0, 2);
const time = "2026-01-02T00:00:00.000Z";

/** A log whose writes end, or fail, when the test says so. */
function watched() {
  const writes: { readonly text: string; readonly end: () => void; readonly fail: () => void }[] = [];
  const failures: unknown[] = [];
  const append = (text: string) =>
    new Promise<void>((end, reject) => writes.push({ text, end, fail: () => reject(new Error("disk full")) }));
  return { log: new AuditLog({ append, now, onFailure: (error) => failures.push(error) }), writes, failures };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(0);
}

describe("AuditLog", () => {
  test("writes one object a line, without what is absent", async () => {
    const written: string[] = [];
    const log = new AuditLog({ append: async (text) => void written.push(text), now, onFailure: () => {} });
    await log.record({ event: "login", user: "alice", remote: undefined });
    await log.record({ event: "manifest pushed", tags: ["1"] });
    expect(written).toEqual([
      `{"time":"${time}","event":"login","user":"alice"}\n`,
      `{"time":"${time}","event":"manifest pushed","tags":["1"]}\n`,
    ]);
  });

  test("lets nobody forge a line or steer a terminal", async () => {
    const written: string[] = [];
    const log = new AuditLog({ append: async (text) => void written.push(text), now, onFailure: () => {} });
    const user = 'a"}\n{"event":"login"\u001b[2J\u2028\u202e';
    await log.record({ user });
    const text = written.join("");
    expect([text.split(/[\r\n\u2028\u2029]/).length, /[\u001b\u202e]/.test(text), JSON.parse(text).user]).toEqual([
      2,
      false,
      user,
    ]);
  });

  test("whoever records waits for the line; those that come meanwhile are written together, in order", async () => {
    const { log, writes } = watched();
    const done: string[] = [];
    const all = ["a", "b", "c"].map((event) => log.record({ event }).then(() => void done.push(event)));
    await until(() => writes.length === 1);
    const late = log.record({ event: "d" }).then(() => void done.push("d"));
    expect([done, writes[0]?.text.split("\n").length]).toEqual([[], 4]);
    writes[0]?.end();
    await Promise.all(all);
    expect(done).toEqual(["a", "b", "c"]);
    await until(() => writes.length === 2);
    writes[1]?.end();
    await late;
    expect(done).toEqual(["a", "b", "c", "d"]);
  });

  test("a failure is told, holds nobody up, and no half line spoils the next one", async () => {
    const { log, writes, failures } = watched();
    const lost = log.record({ event: "a" });
    await until(() => writes.length === 1);
    writes[0]?.fail();
    await lost;
    const next = log.record({ event: "b" });
    await until(() => writes.length === 2);
    writes[1]?.end();
    await next;
    const after = log.record({ event: "c" });
    await until(() => writes.length === 3);
    writes[2]?.end();
    await after;
    expect([failures.length, writes[1]?.text.startsWith("\n{"), writes[2]?.text.startsWith("{")]).toEqual([
      1,
      true,
      true,
    ]);
  });
});
