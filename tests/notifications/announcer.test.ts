import { expect, test } from "bun:test";
import { Announcer, type EventRecord, endpointId } from "../../src/notifications/announcer.ts";
import { deeds, describer, eventOf } from "./made-events.ts";

const endpoints = [
  { name: "all", ignoredMediaTypes: [], ignoredActions: [] },
  { name: "no pulls", ignoredMediaTypes: [], ignoredActions: ["pull"] },
];

/** What an announcer hands on, to disk and to memory. */
function announcing(disk: { failure?: Error } = {}) {
  const handed: { readonly to: "disk" | "memory"; readonly record: EventRecord }[] = [];
  const { source, now, uuid } = describer();
  const sink = {
    keep: async (record: EventRecord) => {
      if (disk.failure !== undefined) throw disk.failure;
      handed.push({ to: "disk", record });
    },
    pass: (record: EventRecord) => void handed.push({ to: "memory", record }),
  };
  return { announcer: new Announcer(endpoints, sink, { source, now, uuid, includesReferences: false }), handed };
}

test("a push is kept on disk for everybody, and a pull in memory for those who want to hear of it", async () => {
  const { announcer, handed } = announcing();
  await announcer.notify(eventOf(deeds.blobPushed));
  await announcer.notify(eventOf(deeds.pulledByDigest));
  const [all, others] = [endpointId(endpoints, 0), endpointId(endpoints, 1)];
  expect(handed.map(({ to, record }) => [to, record.recipients])).toEqual([
    ["disk", [all, others]],
    ["memory", [all]],
  ]);
});

test("what cannot be kept on disk refuses a push, and not a deletion", async () => {
  const { announcer, handed } = announcing({ failure: new Error("full") });
  const push = await announcer.notify(eventOf(deeds.blobPushed)).catch((error: Error) => error.message);
  await announcer.notify(eventOf(deeds.blobDeleted));
  expect([push, handed.map(({ to }) => to)]).toEqual(["full", ["memory"]]);
});
