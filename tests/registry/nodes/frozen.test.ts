// A collection that is frozen at its worst moments while somebody pushes what it is about to take: nothing that was pushed is
// lost, and each rule is needed for that.
import { describe, expect, test } from "bun:test";
import { chanceOf } from "../../storage/s3/turns.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import type { Flaw } from "./flaws.ts";
import { graceMs, images, repositories, type SentRequest, tags, World, type WorldNode } from "./world.ts";

const [name] = repositories;
const [image, otherImage] = images;
const [tag] = tags;

/** What a collection takes, and where it announces that. */
const takings = {
  "what an earlier collection has condemned": "/notices/blobs/",
  "a manifest that no tag leads to": "/notices/r-",
} as const;
type Taking = keyof typeof takings;

/** Where a collection is frozen. */
const moments = {
  "before it announces": ({ method, url }: SentRequest, taking: Taking) =>
    method === "PUT" && url.includes(takings[taking]),
  "before its deletion is sent": ({ method, url }: SentRequest) => method === "POST" && url.includes("delete="),
} as const;
type Moment = keyof typeof moments;

/** A gate that the first request of a kind stops at. */
function gateAt(isIt: (request: SentRequest) => boolean) {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const turn = async (request: SentRequest) => {
    if (!isIt(request)) return;
    reached.resolve();
    await opened.promise;
  };
  return { turn, reached: reached.promise, open: () => opened.resolve() };
}

/** An image that was deleted, and whose blobs a collection has condemned. */
async function condemnImage(world: World, one: WorldNode): Promise<void> {
  await world.pushImage(one, { name, image, tag: undefined });
  const removed = world.promises.remove(name, { manifest: image.digest });
  await one.registry.repository(name, one.actor).manifests.delete(image.digest);
  removed.end();
  world.engine.nowMs += 10 * graceMs;
  await world.collect(one);
}

/** An image whose tag was moved to another one. */
async function untagImage(world: World, one: WorldNode): Promise<void> {
  await world.pushImage(one, { name, image, tag });
  await world.pushImage(one, { name, image: otherImage, tag });
}

/**
 * A collection that is about to take something of an image is frozen, for so long, while the image is pushed. What was lost of
 * it, if it was promised.
 */
async function play(
  taking: Taking,
  { moment, flaw, frozenMs }: { readonly moment: Moment; readonly flaw?: Flaw; readonly frozenMs: number },
) {
  using scratch = temporaryDirectory({ isInMemory: true });
  const deletesUntagged = taking === "a manifest that no tag leads to";
  const world = new World(chanceOf(1), { flaw, scratch: scratch.path, deletesUntagged });
  const free = async () => {};
  const [one, two] = [world.node(free), world.node(free)];
  await (deletesUntagged ? untagImage : condemnImage)(world, one);
  world.engine.nowMs += 10 * graceMs;
  const gate = gateAt((request) => moments[moment](request, taking));
  const frozen = world.node(gate.turn);
  const collecting = world.collect(frozen).catch(() => {});
  await Promise.race([gate.reached, collecting]);
  world.engine.nowMs += frozenMs;
  const answer = await world.pushImage(two, { name, image, tag: deletesUntagged ? tag : undefined }).then(
    () => "pushed",
    () => "refused",
  );
  gate.open();
  await collecting;
  return { answer, broken: world.promises.broken() };
}

describe.each(Object.keys(takings) as Taking[])("of %s", (taking) => {
  describe("nothing is lost", () => {
    test.each([
      ["before it announces", 0, "pushed"],
      ["before its deletion is sent", 0, "refused"],
      ["before its deletion is sent", 24 * 3_600_000, "pushed"],
    ] as const)(
      "by a collection that is frozen %s for %p ms while an image is %p",
      async (moment, frozenMs, answer) => {
        expect(await play(taking, { moment, frozenMs })).toMatchObject({ answer, broken: undefined });
      },
    );
  });

  describe("something is lost", () => {
    test.each([
      ["nobody lists notices", "before its deletion is sent", 0],
      ["nobody looks after writing", "before its deletion is sent", 0],
      ["references are read before the notice", "before it announces", 0],
      ["expiry is not enforced", "before its deletion is sent", 24 * 3_600_000],
    ] as const)("if %s", async (flaw, moment, frozenMs) => {
      expect(await play(taking, { moment, flaw, frozenMs })).toMatchObject({
        answer: "pushed",
        broken: expect.any(String),
      });
    });
  });
});
