import { expect, test } from "bun:test";
import type { WorkerReport } from "../../../src/app/workers/messages.ts";
import { PassingEvents } from "../../../src/app/workers/passing-events.ts";

const record = (text: string) => ({ recipients: ["a"], text });

/** Events on their way to a supervisor that answers when it is told to. */
function passing() {
  const asked: WorkerReport[] = [];
  const answers: (() => void)[] = [];
  const events = new PassingEvents({
    ask: async (reportWith) => {
      asked.push(reportWith(asked.length));
      const { promise, resolve } = Promise.withResolvers<void>();
      answers.push(resolve);
      await promise;
    },
  });
  return { events, asked, answerNext: () => answers.shift()?.() };
}

test("an event that must not be lost is there when the supervisor says so", async () => {
  const { events, asked, answerNext } = passing();
  let isKept = false;
  const keeping = events.keep(record("push")).then(() => {
    isKept = true;
  });
  const before = isKept;
  answerNext();
  await keeping;
  expect([before, isKept, asked]).toEqual([false, true, [{ kind: "keep", id: 0, record: record("push") }]]);
});

test("others go in batches, each when the one before was taken, and the oldest are given up beyond a limit", async () => {
  const { events, asked, answerNext } = passing();
  for (let index = 0; index < 10_010; index += 1) events.pass(record(String(index)));
  const flushed = events.flush();
  for (let batch = 0; batch < 21; batch += 1) {
    answerNext();
    await Bun.sleep(0);
  }
  await flushed;
  const batches = asked.map((report) => (report.kind === "pass" ? report.records.map(({ text }) => text) : []));
  expect([batches[0], batches[1]?.[0], batches.length]).toEqual([["0"], "10", 21]);
  expect(batches.slice(1).every(({ length }) => length === 500)).toBe(true);
});
