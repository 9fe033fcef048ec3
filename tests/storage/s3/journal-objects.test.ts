import { describe, expect, test } from "bun:test";
import { until } from "../../notifications/made-events.ts";
import { bytesOf } from "./bucket.ts";
import { Engine } from "./engine.ts";
import { audit, ci, openJournalNode, segmentKeys } from "./journal-node.ts";

const event = (text: string, recipients: readonly string[] = [ci]) => ({ recipients, text });

describe("a journal in a bucket", () => {
  test("hands out what was appended, to each recipient, when it is in the bucket", async () => {
    const engine = new Engine();
    const { journal, deliver } = openJournalNode(engine);
    await Promise.all([journal.append(event('{"a":"ü"}', [ci, audit])), journal.append(event("{}", [audit]))]);
    const [key = ""] = segmentKeys(engine);
    expect(engine.text(key)?.split("\n").slice(1)).toEqual([`0 ${ci},${audit} {"a":"ü"}`, `1 ${audit} {}`, ""]);
    expect(await deliver()).toEqual(['ci {"a":"ü"}', 'audit {"a":"ü"}', "audit {}"]);
    await journal.close();
    expect(engine.keys()).toEqual([]);
  });

  test("what comes in the same moment is one request, and its end another", async () => {
    const engine = new Engine();
    const { journal, deliver } = openJournalNode(engine, { idleMs: 1 });
    await Promise.all(Array.from({ length: 100 }, (_, index) => journal.append(event(`{"n":${index}}`))));
    expect(engine.requests.map(({ method }) => method)).toEqual(["PUT"]);
    await deliver();
    await until("it is removed", () => engine.keys().length === 0);
    await journal.append(event("{}"));
    expect(engine.requests.map(({ method }) => method)).toEqual(["PUT", "DELETE", "PUT"]);
    await journal.close();
  });

  test("what a node leaves at its end is another one's at once, and what it has delivered is not", async () => {
    const engine = new Engine();
    const first = openJournalNode(engine);
    for (const text of ["1", "2", "3"]) await first.journal.append(event(text, [ci, audit]));
    await first.deliver((recipient) => recipient === ci);
    await first.journal.close();
    const second = openJournalNode(engine);
    await second.journal.takeOver();
    expect(await second.deliver()).toEqual(["audit 1", "audit 2", "audit 3"]);
    await second.journal.close();
    expect(segmentKeys(engine)).toEqual([]);
  });

  test("what a node leaves that is killed is another one's after a minute, with what the bucket was told", async () => {
    const engine = new Engine();
    const [killed, other] = [openJournalNode(engine), openJournalNode(engine)];
    for (const text of ["1", "2"]) await killed.journal.append(event(text, [ci, audit]));
    await killed.deliver((recipient) => recipient === ci);
    await killed.segments.keep();
    engine.nowMs += 59_000;
    await other.journal.takeOver();
    expect(other.entries).toEqual([]);
    engine.nowMs += 2000;
    await other.journal.takeOver();
    expect(await other.deliver()).toEqual(["audit 1", "audit 2"]);
  });

  test("a node that lives keeps what it has, although nothing moves", async () => {
    const engine = new Engine();
    const [waiting, other] = [openJournalNode(engine), openJournalNode(engine)];
    await waiting.journal.append(event("1"));
    for (let count = 0; count < 10; count += 1) {
      engine.nowMs += 30_000;
      await waiting.segments.keep();
      await other.journal.takeOver();
    }
    expect([other.entries.length, await waiting.deliver()]).toEqual([0, ["ci 1"]]);
    await waiting.journal.close();
    expect(engine.keys()).toEqual([]);
  });

  test("of several nodes that look at once one takes over", async () => {
    const engine = new Engine();
    const killed = openJournalNode(engine);
    await killed.journal.append(event("1"));
    engine.nowMs += 61_000;
    const others = [1, 2, 3].map(() => openJournalNode(engine));
    await Promise.all(others.map(({ journal }) => journal.takeOver()));
    expect((await Promise.all(others.map(({ deliver }) => deliver()))).flat()).toEqual(["ci 1"]);
  });

  test("a node that slept for too long tells at most twice, loses nothing, and is answered", async () => {
    const engine = new Engine();
    const [frozen, other] = [openJournalNode(engine), openJournalNode(engine)];
    await frozen.journal.append(event("1"));
    await frozen.journal.append(event("2"));
    engine.nowMs += 61_000;
    await other.journal.takeOver();
    // It wakes up, and somebody pushes; what it had is another node's.
    await frozen.journal.append(event("3"));
    expect([await other.deliver(), await frozen.deliver()]).toEqual([["ci 1", "ci 2"], ["ci 3"]]);
    await Promise.all([frozen.journal.close(), other.journal.close()]);
    expect(segmentKeys(engine)).toEqual([]);
  });

  test("a node that slept learns from a listing what it has lost", async () => {
    const engine = new Engine();
    const [frozen, other] = [openJournalNode(engine), openJournalNode(engine)];
    await frozen.journal.append(event("1"));
    engine.nowMs += 61_000;
    await other.journal.takeOver();
    await frozen.journal.takeOver();
    expect([await frozen.deliver(), await other.deliver()]).toEqual([[], ["ci 1"]]);
  });

  test.each(["dropped", "lost", "late", "doubled"] as const)(
    "if its requests are %s, an event is refused or there",
    async (kind) => {
      const engine = new Engine();
      const { journal, deliver } = openJournalNode(engine);
      await journal.append(event("1"));
      engine.fault = ({ method }) => (method === "PUT" ? { kind } : undefined);
      const outcome = await journal.append(event("2")).then(
        () => "acknowledged",
        () => "refused",
      );
      engine.fault = () => undefined;
      await engine.arrive();
      await journal.append(event("3"));
      const told = await deliver();
      expect(told.filter((text) => text !== "ci 2")).toEqual(["ci 1", "ci 3"]);
      if (outcome === "acknowledged") expect(told).toContain("ci 2");
      engine.nowMs += 61_000;
      const next = openJournalNode(engine);
      await journal.close();
      await next.journal.takeOver();
      // What was refused may be told all the same, as it was done.
      expect((await next.deliver()).filter((text) => text !== "ci 2")).toEqual([]);
    },
  );

  test("a store that does not answer refuses events, and loses none that it took", async () => {
    const engine = new Engine();
    const { journal, deliver, segments } = openJournalNode(engine);
    await journal.append(event("1"));
    engine.fault = () => ({ kind: "refused", status: 503, code: "SlowDown" });
    const failure = await journal.append(event("2")).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ES3", status: 503 });
    await segments.keep();
    engine.fault = () => undefined;
    await journal.append(event("3"));
    expect(await deliver()).toEqual(["ci 1", "ci 3"]);
    await journal.close();
    expect(segmentKeys(engine)).toEqual([]);
  });

  test("a removal that fails is done later", async () => {
    const engine = new Engine();
    const { journal, deliver, segments } = openJournalNode(engine, { idleMs: 1 });
    await journal.append(event("1"));
    engine.fault = ({ method }) => (method === "DELETE" ? { kind: "dropped" } : undefined);
    await deliver();
    await until("it is tried", () => engine.requests.filter(({ method }) => method === "DELETE").length >= 6);
    engine.fault = () => undefined;
    engine.nowMs += 61_000;
    await journal.takeOver();
    expect(await deliver()).toEqual([]);
    await segments.keep();
    expect(segmentKeys(engine)).toEqual([]);
  });

  test("texts of segments that are full are read again from the bucket", async () => {
    const engine = new Engine();
    const { journal, deliver } = openJournalNode(engine, { maxBytes: 64 * 1024 * 1024 });
    const texts = Array.from({ length: 90 }, (_, index) => `{"n":${index},"x":"${"x".repeat(100_000)}"}`);
    for (const text of texts) await journal.append(event(text));
    expect(segmentKeys(engine).length).toBe(45);
    const gets = () => engine.requests.filter(({ method }) => method === "GET").length;
    expect(gets()).toBe(0);
    const isOnce = { isLeft: true };
    engine.fault = ({ method }) => {
      const isFirst = method === "GET" && isOnce.isLeft;
      if (isFirst) isOnce.isLeft = false;
      return isFirst ? { kind: "refused", status: 403, code: "AccessDenied" } : undefined;
    };
    expect((await deliver()).map((text) => text.slice(3))).toEqual(texts);
    expect(gets()).toBeGreaterThan(1);
    await journal.close();
    expect(segmentKeys(engine)).toEqual([]);
  });

  test("gives up the oldest segment if there are too many bytes", async () => {
    const engine = new Engine();
    const { journal, deliver, drops } = openJournalNode(engine, { maxBytes: 450_000 });
    for (let index = 0; index < 6; index += 1) await journal.append(event(`{"n":${index}${" ".repeat(140_000)}}`));
    const left = await deliver();
    expect([left.map((text) => text[8]), drops.length]).toEqual([["3", "4", "5"], 3]);
    await journal.close();
    expect(segmentKeys(engine)).toEqual([]);
  });
});

describe("nodes with other endpoints", () => {
  test("leave what they do not know to a node that knows it", async () => {
    const engine = new Engine();
    const killed = openJournalNode(engine);
    await killed.journal.append(event("1", [ci, audit]));
    await killed.journal.append(event("2", [audit]));
    engine.nowMs += 61_000;
    const onlyCi = openJournalNode(engine, { recipients: [ci] });
    await onlyCi.journal.takeOver();
    expect(await onlyCi.deliver()).toEqual(["ci 1"]);
    await until("it is let go", () => engine.text(segmentKeys(engine)[0] ?? "")?.includes('"holder":""') === true);
    engine.requests.length = 0;
    for (let count = 0; count < 3; count += 1) await onlyCi.journal.takeOver();
    expect(engine.requests.map(({ method, key }) => [method, key !== ""])).toEqual([
      ["GET", false],
      ["GET", false],
      ["GET", false],
    ]);
    engine.nowMs += 61_000;
    const both = openJournalNode(engine);
    await both.journal.takeOver();
    expect(await both.deliver()).toEqual(["audit 1", "audit 2"]);
    await both.journal.close();
    expect(segmentKeys(engine)).toEqual([]);
  });

  test("forget after a day what waits for an endpoint that no node has any more", async () => {
    const engine = new Engine();
    const killed = openJournalNode(engine);
    await killed.journal.append(event("1", [audit]));
    const node = openJournalNode(engine, { recipients: [ci] });
    engine.nowMs += 23 * 3_600_000;
    await node.journal.takeOver();
    expect(segmentKeys(engine).length).toBe(1);
    engine.nowMs += 2 * 3_600_000;
    await node.journal.takeOver();
    await until("it is gone", () => segmentKeys(engine).length === 0);
    expect(node.entries).toEqual([]);
  });

  test("leave what is no segment alone, and clear away old signs of life", async () => {
    const engine = new Engine();
    engine.objects.set("notifications/segments/notes", bytesOf("mine"));
    engine.objects.set("notifications/other", bytesOf("mine"));
    engine.objects.set("notifications/holders/old", bytesOf("alive"));
    engine.nowMs += 25 * 3_600_000;
    const { journal } = openJournalNode(engine);
    await journal.takeOver();
    expect(engine.keys()).toEqual(["notifications/other", "notifications/segments/notes"]);
  });
});
