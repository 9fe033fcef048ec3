import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { canTakeOver, openJournal } from "../../../src/app/notifications/open-journal.ts";
import type { JournalHearer } from "../../../src/notifications/notifier.ts";
import { load } from "../../config/written-file.ts";
import { stocked } from "../../registry/stocked.ts";
import { openBucket } from "../../storage/s3/bucket.ts";
import { segmentKeys } from "../../storage/s3/journal-node.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const recipient = "0123456789ab";

function hearing() {
  const heard: Parameters<JournalHearer["take"]>[0][] = [];
  return {
    heard,
    recipients: [recipient],
    take: (event: (typeof heard)[number]) => void heard.push(event),
    noteDrop: () => {},
  };
}

const configured = async (more = "") => (await load({ text: `version: 0.1\n${more}` })).configuration;

test("events wait on disk, or in the bucket if the store is in one", async () => {
  using directory = temporaryDirectory();
  const { store } = stocked();
  const { objects, engine } = openBucket();
  for (const secrets of [undefined, objects]) {
    const { heard, ...hearer } = hearing();
    const journal = openJournal(await configured(), { store, dataDirectory: directory.path, secrets })(hearer);
    await journal.append({ recipients: [recipient], text: "{}" });
    const where = [readdirSync(directory.path), segmentKeys(engine).length];
    expect(where).toEqual(secrets === undefined ? [["notifications"], 0] : [["notifications"], 1]);
    for (const event of heard) event.done();
    await journal.close();
    expect([heard.length, segmentKeys(engine), readdirSync(`${directory.path}/notifications`)]).toEqual([1, [], []]);
  }
});

test("what others left is taken over at any time, but for the start alone without locks", async () => {
  const { store } = stocked();
  const alone = { ...store, changes: { ...store.changes, keepsProcessesApart: () => false } };
  const together = { ...store, changes: { ...store.changes, keepsProcessesApart: () => true } };
  const { objects: secrets } = openBucket();
  const plain = await configured();
  const readOnly = await configured("storage: {maintenance: {readonly: {enabled: true}}}\n");
  expect([
    canTakeOver(plain, { store: together, secrets: undefined }),
    canTakeOver(plain, { store: alone, secrets: undefined }),
    canTakeOver(plain, { store: alone, secrets }),
    canTakeOver(readOnly, { store: together, secrets }),
  ]).toEqual(["always", "at the start", "always", "never"]);
});
