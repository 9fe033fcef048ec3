import { describe, expect, test } from "bun:test";
import type { Tag } from "../../src/oci/reference.ts";
import { revisionLink, tagCurrentLink, tagIndexLink, tagsPrefix } from "../../src/registry/layout.ts";
import type { TagPointer } from "../../src/registry/move-log.ts";
import { withAdding, withRemoving } from "../../src/registry/store.ts";
import { isTag, listTags, moveTag, readTag, removeTag } from "../../src/registry/tags.ts";
import { intercept } from "../storage/intercepted.ts";
import { damagedLinks } from "./disturbed.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pushImage, type Stocked, stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const everything = { limit: 100, after: undefined };

/** A repository with these tags of one image. */
async function withTags(...tags: readonly string[]) {
  const stock = stocked();
  for (const tag of tags) await pushImage(stock, "app", { tag });
  return stock;
}

describe("listTags()", () => {
  test.each([
    [everything, ["1.0", "B", "_x", "a", "a-b"], false],
    [{ limit: 2, after: undefined }, ["1.0", "B"], true],
    [{ limit: 2, after: "B" }, ["_x", "a"], true],
    [{ limit: 2, after: "_x" }, ["a", "a-b"], false],
    [{ limit: 5, after: undefined }, ["1.0", "B", "_x", "a", "a-b"], false],
    [{ limit: 2, after: "a!not a tag" }, ["a-b"], false],
    [{ limit: 2, after: "zz" }, [], false],
    [{ limit: 0, after: undefined }, [], true],
    [{ limit: 0, after: "zz" }, [], false],
  ] as const)("has the page %j in byte order", async (request, items, hasMore) => {
    const { store } = await withTags("a", "B", "1.0", "_x", "a-b");
    expect(await listTags(store, app, request)).toEqual({ items, hasMore } as never);
  });

  test("refuses a repository that there is not, and is empty for one whose tags are gone", async () => {
    const stock = await withTags("1");
    await remove(stock, tagged("1"));
    expect([
      await codeOf(listTags(stock.store, named("none"), everything)),
      await listTags(stock.store, app, everything),
    ]).toEqual(["NAME_UNKNOWN", { items: [], hasMore: false }]);
  });

  test("does not show what is no tag: a directory without current, a name that is none", async () => {
    const { store } = await withTags("1");
    await store.objects.put(tagIndexLink(app, tagged("half"), digestOf("x")), utf8(digestOf("x")));
    await store.objects.put(`${tagsPrefix(app)}/.hidden/current/link`, utf8(digestOf("x")));
    await store.directory.makePrefix(`${tagsPrefix(app)}/empty`);
    expect((await listTags(store, app, everything)).items).toEqual(["1"] as never);
  });

  test.each(damagedLinks.filter(([damage]) => damage !== "of another digest"))(
    "does not show a tag whose link is %s, as a pull of it finds nothing",
    async (_damage, bytes) => {
      const { store } = await withTags("1", "2");
      await store.objects.put(tagCurrentLink(app, tagged("1")), bytes);
      const request = { limit: 1, after: undefined };
      expect([await listTags(store, app, request), await readTag(store, app, tagged("1"))]).toEqual([
        { items: ["2"], hasMore: false } as never,
        undefined,
      ]);
    },
  );

  test("looks at no more tags than the page needs", async () => {
    let looks = 0;
    const count = () => {
      looks += 1;
    };
    const stock = stocked((driver) => intercept(driver, { objects: { stat: count, read: count } }));
    for (let index = 0; index < 50; index += 1) await pushImage(stock, "app", { tag: `t${index}` });
    looks = 0;
    await listTags(stock.store, app, { limit: 3, after: "t20" });
    expect(looks).toBeLessThanOrEqual(8);
  });
});

/** Moves the tag as a push does. */
function move({ store }: Stocked, pointer: TagPointer) {
  return withAdding(store, app, (adding) => moveTag(store, app, { adding, ...pointer }));
}

/** Removes the tag as a deletion does. */
function remove({ store }: Stocked, tag: Tag) {
  return withRemoving(store, app, [], (removing) => removeTag(store, app, { removing, tag }));
}

describe("moveTag()", () => {
  test("touches the revision that the tag leaves, then notes where it goes, and moves it last", async () => {
    const calls: string[] = [];
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: { renew: (key) => void calls.push(`touch ${key}`), put: (key) => void calls.push(`write ${key}`) },
      }),
    );
    const [tag, from] = [tagged("1"), await pushImage(stock, "app", { tag: "1" })];
    const to = await pushImage(stock, "app", { layers: ["other"] });
    calls.length = 0;
    await move(stock, { tag, digest: to });
    expect([calls, await readTag(stock.store, app, tag)]).toEqual([
      [`touch ${revisionLink(app, from)}`, `write ${tagIndexLink(app, tag, to)}`, `write ${tagCurrentLink(app, tag)}`],
      to,
    ]);
  });

  test("to where it is already touches nothing that it would leave", async () => {
    const touched: string[] = [];
    const stock = stocked((driver) => intercept(driver, { objects: { renew: (key) => void touched.push(key) } }));
    const digest = await pushImage(stock, "app", { tag: "1" });
    stock.wait(120_000);
    touched.length = 0;
    await move(stock, { tag: tagged("1"), digest });
    expect(touched).toEqual([tagIndexLink(app, tagged("1"), digest)]);
  });

  test("heals a tag that is damaged, and one whose old manifest is gone", async () => {
    const stock = await withTags("1");
    const digest = await pushImage(stock, "app", { layers: ["other"] });
    for (const old of ["", digestOf("gone")]) {
      await stock.store.objects.put(tagCurrentLink(app, tagged("1")), utf8(old));
      await move(stock, { tag: tagged("1"), digest });
      expect(await readTag(stock.store, app, tagged("1"))).toBe(digest);
    }
  });
});

test("removeTag() removes the tag in one step, with all that it pointed to", async () => {
  const steps: string[] = [];
  const stock = stocked((driver) =>
    intercept(driver, {
      trash: { discard: (key) => void steps.push(`discard ${key}`) },
      objects: {
        delete: (key, options) => void (options?.isDurable !== false && steps.push(`delete ${key}`)),
      },
    }),
  );
  await pushImage(stock, "app", { tag: "1" });
  const outcomes = [await remove(stock, tagged("1")), await remove(stock, tagged("1"))];
  const driver = stock.store;
  const key = `${tagsPrefix(app)}/1`;
  expect([
    outcomes,
    await isTag(stock.store, app, tagged("1")),
    await driver.objects.list(tagsPrefix(app)),
    steps,
    await driver.trash.list("tags"),
  ]).toEqual([[true, false], false, [], [`discard ${key}`, `discard ${key}`], []]);
});
