// The journal on real stores: what one process leaves another one has, and whoever slept adds nothing to it.
import { expect, test } from "bun:test";
import { listObjects } from "../../../src/storage/s3/listing.ts";
import { waitUntil } from "../../e2e/program.ts";
import { engines } from "./engines.ts";
import { audit, ci, openJournalOn } from "./journal-node.ts";

test.each(engines)(
  "on %s",
  async (_name, start) => {
    await using engine = await start();
    // Longer than all that comes before takes on a slow store.
    const lifetimeMs = 10_000;
    const open = () => openJournalOn(engine.objects, { lifetimeMs, idleMs: 10 });
    const [frozen, other] = [open(), open()];
    await Promise.all(["1", "2"].map((text) => frozen.journal.append({ recipients: [ci, audit], text })));
    await frozen.journal.append({ recipients: [ci], text: "3" });
    await frozen.deliver((recipient) => recipient === audit);
    await frozen.segments.keep();
    await other.journal.takeOver();
    const early = other.entries.length;
    // The store tells whole seconds.
    await waitUntil("it is taken over", async () => {
      await other.journal.takeOver();
      return other.entries.length > 0;
    });
    await frozen.journal.append({ recipients: [ci], text: "4" });
    expect([early, await other.deliver(), await frozen.deliver()]).toEqual([0, ["ci 1", "ci 2", "ci 3"], ["ci 4"]]);
    await Promise.all([frozen.journal.close(), other.journal.close()]);
    const left = await Array.fromAsync(listObjects(engine.client, { prefix: "notifications/segments/" }));
    expect(left).toEqual([]);
  },
  300_000,
);
