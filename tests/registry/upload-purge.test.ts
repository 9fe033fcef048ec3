import { describe, expect, test } from "bun:test";
import { anonymous } from "../../src/registry/actor.ts";
import { uploadKey, uploadPrefix, uploadsPrefix } from "../../src/registry/layout.ts";
import { purgeUploads } from "../../src/registry/upload-purge.ts";
import { answering, intercept } from "../storage/intercepted.ts";
import { named, stocked, utf8 } from "./stocked.ts";

const app = named("team/app");
const hourMs = 3_600_000;
const none = { sessions: 0, temporaryFiles: 0 };

async function withSession(wrap?: Parameters<typeof stocked>[0]) {
  const stock = stocked(wrap);
  const id = await stock.registry.repository(app, anonymous()).uploads.start("sha256");
  return { stock, id, ids: () => stock.store.objects.list(uploadsPrefix(app)) };
}

describe("purgeUploads()", () => {
  test("removes sessions without a write for longer than the age", async () => {
    const { stock, ids } = await withSession();
    stock.wait(hourMs);
    const young = await purgeUploads(stock.store, hourMs);
    stock.wait(1);
    const old = await purgeUploads(stock.store, hourMs);
    expect([young, old, await ids(), await stock.store.trash.list("uploads")]).toEqual([
      none,
      { sessions: 1, temporaryFiles: 0 },
      [],
      [],
    ]);
  });

  test("goes by the last write, not by the start", async () => {
    const { stock, id, ids } = await withSession();
    stock.wait(hourMs);
    const body = async function* () {
      yield utf8("x");
    };
    await stock.registry.repository(app, anonymous()).uploads.append(id, { body, range: undefined });
    stock.wait(hourMs / 2);
    expect([await purgeUploads(stock.store, hourMs), await ids()]).toEqual([none, [id]]);
  });

  test("of all repositories, also of those that hold nothing else", async () => {
    const stock = stocked();
    for (const name of ["a", "a/b", "c"])
      await stock.registry.repository(named(name), anonymous()).uploads.start("sha256");
    stock.wait(hourMs + 1);
    expect(await purgeUploads(stock.store, hourMs)).toEqual({ sessions: 3, temporaryFiles: 0 });
  });

  test.each([
    ["that has only the time of its start", "startedat"],
    ["that has only what another registry hashed", "hashstates/sha256/0"],
    ["that was killed before it had anything", undefined],
  ])("removes a session without data %s, by its own age", async (_what, name) => {
    const stock = stocked();
    const prefix = uploadPrefix(app, "00000000-0000-4000-8000-000000000001");
    if (name === undefined) await stock.store.directory.makePrefix(prefix);
    else await stock.store.objects.put(`${prefix}/${name}`, utf8("x"));
    stock.wait(hourMs);
    const young = await purgeUploads(stock.store, hourMs);
    stock.wait(1);
    const old = await purgeUploads(stock.store, hourMs);
    expect([young.sessions, old.sessions, await stock.store.objects.list(uploadsPrefix(app))]).toEqual([0, 1, []]);
  });

  test("leaves one that somebody holds, and does not disturb him", async () => {
    const { stock, id, ids } = await withSession();
    const preempted = new AbortController();
    const held = await stock.store.uploads.open(uploadKey(app, id), { waitMs: 1000, preempted });
    stock.wait(hourMs + 1);
    const outcome = await purgeUploads(stock.store, hourMs);
    if (typeof held === "object") await held[Symbol.asyncDispose]();
    expect([outcome, await ids(), preempted.signal.aborted]).toEqual([none, [id], false]);
  });

  test("leaves one that is written to between the look and the hold", async () => {
    const { stock, id, ids } = await withSession((driver) =>
      intercept(driver, { uploads: { open: async (key) => void (await driver.objects.renew(key)) } }),
    );
    stock.wait(hourMs + 1);
    expect([await purgeUploads(stock.store, hourMs), await ids()]).toEqual([none, [id]]);
  });

  test("of a clock that was ahead counts from now", async () => {
    const { stock, ids } = await withSession();
    stock.wait(-1000 * hourMs);
    const early = await purgeUploads(stock.store, hourMs);
    stock.wait(hourMs + 1);
    const late = await purgeUploads(stock.store, hourMs);
    expect([early.sessions, late.sessions, await ids()]).toEqual([0, 1, []]);
  });

  test("in a dry run counts, and removes nothing", async () => {
    const { stock, id, ids } = await withSession();
    stock.wait(hourMs + 1);
    const outcome = await purgeUploads(stock.store, hourMs, { isDryRun: true });
    expect([outcome.sessions, await ids()]).toEqual([1, [id]]);
  });

  test("sweeps temporary files that are older than a day", async () => {
    const swept: unknown[] = [];
    const stock = stocked((driver) =>
      answering(driver, {
        directory: {
          sweepTemporary: async (olderThanMs, options) => {
            swept.push([olderThanMs, options?.isDryRun]);
            return 7;
          },
        },
      }),
    );
    expect([await purgeUploads(stock.store, hourMs), swept]).toEqual([
      { sessions: 0, temporaryFiles: 7 },
      [[24 * hourMs, false]],
    ]);
  });
});
