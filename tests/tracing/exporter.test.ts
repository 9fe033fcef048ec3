import { expect, test } from "bun:test";
import { SpanExporter } from "../../src/tracing/exporter.ts";
import { namesIn, spanOf } from "./spans.ts";

function exporter(
  changes: { maxBatch?: number; maxQueue?: number; delayMs?: number },
  send: (names: string[]) => Promise<void>,
) {
  const lost: [number, string][] = [];
  const spans = new SpanExporter({
    ...{ maxQueue: 10, maxBatch: 2, delayMs: 3_600_000, resource: {}, ...changes },
    send: (body) => send(namesIn(body)),
    onLost: (count, error) => void lost.push([count, String(error)]),
  });
  return { spans, lost };
}

test("spans go in batches, one export at a time, and the rest when asked", async () => {
  const sent: string[][] = [];
  let running = 0;
  const { spans, lost } = exporter({}, async (names) => {
    running += 1;
    expect(running).toBe(1);
    await Promise.resolve();
    sent.push(names);
    running -= 1;
  });
  for (const name of ["a", "b", "c", "d", "e"]) spans.add(spanOf(name));
  await spans.flush();
  expect([sent, lost]).toEqual([[["a", "b"], ["c", "d"], ["e"]], []]);
});

test("a span goes after a while by itself", async () => {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const { spans } = exporter({ delayMs: 1 }, async (names) => resolve(names));
  spans.add(spanOf("a"));
  const waiting = setInterval(() => {}, 10);
  expect(await promise).toEqual(["a"]);
  clearInterval(waiting);
});

test("what finds no place, or is not taken, is lost and counted; the next batch is tried", async () => {
  const release = Promise.withResolvers<void>();
  const sent: string[][] = [];
  const { spans, lost } = exporter({ maxQueue: 2 }, async (names) => {
    await release.promise;
    if (names.includes("a")) throw new Error("down");
    sent.push(names);
  });
  for (const name of ["a", "b", "c", "d", "e"]) spans.add(spanOf(name));
  expect(lost).toEqual([[1, "Error: the collector is too slow: the queue is full"]]);
  release.resolve();
  await spans.flush();
  expect([lost.slice(1), sent]).toEqual([[[2, "Error: down"]], [["c", "d"]]]);
});
