// Rules that can be left out, to show that each is needed: a driver that does not keep one of them.

import type { Adding, Removing } from "../../../src/storage/changes.ts";
import type { Driver } from "../../../src/storage/driver.ts";
import type { Collection } from "../../../src/storage/garbage.ts";
import type { S3Client } from "../../../src/storage/s3/client.ts";

/** What is not done. */
export type Flaw =
  | "nobody lists notices"
  | "nobody looks after writing"
  | "references are read before the notice"
  | "expiry is not enforced";

/** The driver without one of its rules. */
export function flawed(
  driver: Driver,
  { flaw, client }: { readonly flaw: Flaw | undefined; readonly client: S3Client },
): Driver {
  switch (flaw) {
    case "nobody lists notices":
      hideNotices(client);
      return driver;
    case "nobody looks after writing":
      return withChanges(driver, { adding: async (...asked) => blind(driver, await driver.changes.adding(...asked)) });
    case "references are read before the notice":
      return { ...announcingLate(driver), garbage: withLateNotices(driver) };
    default:
      return driver;
  }
}

function withChanges(driver: Driver, calls: Partial<Driver["changes"]>): Driver {
  const changes = new Proxy(driver.changes, {
    get: (target, name) => {
      const call =
        (calls as Record<string | symbol, unknown>)[name] ??
        (target as unknown as Record<string | symbol, unknown>)[name];
      return typeof call === "function" ? call.bind(target) : call;
    },
  });
  return { ...driver, changes };
}

function hideNotices(client: S3Client): void {
  const { send } = client.options;
  const isList = (url: URL) => url.searchParams.get("prefix")?.startsWith("notices/") === true;
  Object.assign(client.options, {
    send: async (address: string, init: BunFetchRequestInit) => {
      const answer = await send(address, init);
      if (!isList(new URL(address)) || !answer.ok) return answer;
      const empty = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
      return new Response(empty, { headers: answer.headers });
    },
  });
}

function blind(driver: Driver, adding: Adding | undefined): Adding | undefined {
  if (adding === undefined) return undefined;
  return {
    stands: async () => true,
    find: async (contents) => await Promise.all(contents.map((content) => driver.changes.recover(content))),
    put: (...asked) => adding.put(...asked),
    replace: (...asked) => adding.replace(...asked),
    [Symbol.asyncDispose]: () => adding[Symbol.asyncDispose](),
  };
}

function announcingLate(driver: Driver): Driver {
  return withChanges(driver, {
    removing: async (...asked) => {
      let begun: Promise<Removing | undefined> | undefined;
      const begin = async () => {
        begun ??= driver.changes.removing(...asked);
        const removing = await begun;
        if (removing === undefined) throw new Error("it was not to be had");
        return removing;
      };
      return {
        delete: async (...rest) => await (await begin()).delete(...rest),
        deleteAll: async (...rest) => await (await begin()).deleteAll(...rest),
        drop: async (...rest) => await (await begin()).drop(...rest),
        discard: async (...rest) => await (await begin()).discard(...rest),
        [Symbol.asyncDispose]: async () => await (await begun)?.[Symbol.asyncDispose](),
      };
    },
  });
}

function withLateNotices({ garbage }: Driver): Driver["garbage"] {
  return {
    list: () => garbage.list(),
    stat: (...asked) => garbage.stat(...asked),
    open: (...asked) => garbage.open(...asked),
    restore: (...asked) => garbage.restore(...asked),
    setAside: (...asked) => garbage.setAside(...asked),
    tidy: () => garbage.tidy(),
    collect: async (options) => {
      const run = await garbage.collect(options);
      return "heldBy" in run ? run : announcedAtLast(run, async () => await garbage.list());
    },
  };
}

function announcedAtLast(run: Collection, list: () => ReturnType<Collection["condemned"]>): Collection {
  return {
    condemned: async () => await list(),
    destroy: async (entries) => {
      await run.condemned();
      return await run.destroy(entries);
    },
    condemn: (...asked) => run.condemn(...asked),
    keep: () => run.keep(),
    finish: () => run.finish(),
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}
