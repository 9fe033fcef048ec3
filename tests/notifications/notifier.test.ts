import { describe, expect, test } from "bun:test";
import { type Endpoint, type JournalHearer, Notifier, type NotifierOptions } from "../../src/notifications/notifier.ts";
import type { Deed } from "../../src/registry/events.ts";
import { deeds, describer, eventOf, until } from "./made-events.ts";

interface Posted {
  readonly url: string;
  readonly action: string;
  readonly target: { readonly digest: string; readonly tag?: string; readonly references?: unknown };
}

function endpoint(name: string, changes: Partial<Endpoint> = {}): Endpoint {
  return {
    name,
    url: `http://${name}.example/`,
    headers: {},
    timeoutMs: 1000,
    threshold: 10,
    backoffMs: 1,
    ignoredMediaTypes: [],
    ignoredActions: [],
    authorities: undefined,
    ...changes,
  };
}

/** A notifier whose journal is a list, and what its endpoints got. */
function notifying(endpoints: readonly Endpoint[], changes: Partial<NotifierOptions> = {}) {
  const appended: { readonly recipients: readonly string[]; readonly text: string }[] = [];
  const posted: Posted[] = [];
  const disk = { failure: undefined as Error | undefined };
  const { source, now, uuid } = describer();
  const notifier = new Notifier({
    endpoints,
    includesReferences: false,
    source,
    now,
    uuid,
    report: () => undefined,
    fetch: async (url, { body }) => {
      posted.push({ url, ...JSON.parse(String(body)).events[0] });
      return new Response();
    },
    openJournal: ({ take }: JournalHearer) => ({
      append: async (text) => {
        if (disk.failure !== undefined) throw disk.failure;
        appended.push(text);
        for (const recipient of text.recipients) {
          take({ recipient, isDropped: () => false, read: async () => text.text, done: () => undefined });
        }
      },
      takeOver: async () => undefined,
      close: async () => undefined,
    }),
    ...changes,
  });
  return { notifier, appended, posted, disk };
}

const all: readonly Deed[] = Object.values(deeds);

describe("Notifier", () => {
  test("tells each endpoint what it does not ignore", async () => {
    const { notifier, posted } = notifying([
      endpoint("all"),
      endpoint("pushes", { ignoredActions: ["pull", "mount", "delete"] }),
      endpoint("manifests", { ignoredMediaTypes: ["application/octet-stream"] }),
    ]);
    for (const deed of all) await notifier.notify(eventOf(deed));
    await notifier.stop(10_000);
    const actionsAt = (name: string) =>
      posted
        .filter(({ url }) => url.includes(name))
        .map(({ action }) => action)
        .sort();
    const [push, pull, deletion] = ["push", "pull", "delete"].map(
      (action) => (count: number) => Array(count).fill(action),
    );
    expect([actionsAt("all"), actionsAt("pushes"), actionsAt("manifests")]).toEqual([
      [...(deletion?.(4) ?? []), "mount", ...(pull?.(3) ?? []), ...(push?.(4) ?? [])],
      push?.(4) ?? [],
      // Deletions have no media type.
      [...(deletion?.(4) ?? []), ...(pull?.(2) ?? []), ...(push?.(3) ?? [])],
    ]);
  });

  test("only what changes something is in the journal", async () => {
    const { notifier, appended } = notifying([endpoint("a"), endpoint("b")]);
    for (const deed of all) await notifier.notify(eventOf(deed));
    await notifier.stop(10_000);
    const actions = appended.map(({ text }) => JSON.parse(text).action).sort();
    expect([actions, appended.every(({ recipients }) => recipients.length === 2)]).toEqual([
      ["delete", "delete", "delete", "delete", "mount", "push", "push", "push", "push"],
      true,
    ]);
  });

  test("nobody is answered before the event of a push is in the journal", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const openJournal = () => ({
      append: () => promise,
      takeOver: async () => undefined,
      close: async () => undefined,
    });
    const { notifier } = notifying([endpoint("a")], { openJournal });
    let isAnswered = false;
    const notifying_ = notifier.notify(eventOf(deeds.blobPushed)).then(() => {
      isAnswered = true;
    });
    for (let turn = 0; turn < 10; turn += 1) await Bun.sleep(0);
    expect(isAnswered).toBe(false);
    resolve();
    await notifying_;
    await notifier.stop(0);
  });

  test("a journal that cannot be written refuses pushes, and not deletions", async () => {
    const { notifier, posted, disk } = notifying([endpoint("a")]);
    disk.failure = new Error("full");
    const outcomes = await Promise.all(
      [deeds.blobPushed, deeds.blobMounted, deeds.blobDeleted, deeds.blobPulled].map((deed) =>
        notifier.notify(eventOf(deed)).then(
          () => "answered",
          () => "refused",
        ),
      ),
    );
    await notifier.stop(10_000);
    expect([outcomes, posted.map(({ action }) => action).sort()]).toEqual([
      ["refused", "refused", "answered", "answered"],
      ["delete", "pull"],
    ]);
  });

  test("two endpoints of one name get one event each; those of an unknown one are forgotten", async () => {
    const hearers: JournalHearer[] = [];
    const done: string[] = [];
    const openJournal = (hearer: JournalHearer) => {
      hearers.push(hearer);
      return {
        append: async ({ recipients }: { readonly recipients: readonly string[] }) => void done.push(...recipients),
        takeOver: async () => undefined,
        close: async () => undefined,
      };
    };
    const { notifier } = notifying([endpoint("a"), endpoint("a")], { openJournal });
    await notifier.notify(eventOf(deeds.blobPushed));
    expect(new Set(done).size).toBe(2);
    hearers[0]?.take({
      recipient: "000000000000",
      isDropped: () => false,
      read: async () => "",
      done: () => void done.push("forgotten"),
    });
    expect(done.at(-1)).toBe("forgotten");
    await notifier.stop(0);
  });

  test("tells references where that is wanted, and goes without where the bytes cannot be read", async () => {
    const { notifier, posted } = notifying([endpoint("a")], { includesReferences: true });
    const child = { mediaType: "a/b", digest: "sha256:aa", size: 1 };
    const bytes = async () => new TextEncoder().encode(JSON.stringify({ manifests: [child] }));
    await notifier.notify(eventOf({ ...deeds.manifestPulled, bytes }));
    await notifier.notify(eventOf({ ...deeds.manifestPulled, bytes: () => Promise.reject(new Error("gone")) }));
    await until("both are delivered", () => posted.length === 2);
    expect(posted.map(({ target }) => target.references)).toEqual([[child], undefined]);
    await notifier.stop(0);
  });
});
