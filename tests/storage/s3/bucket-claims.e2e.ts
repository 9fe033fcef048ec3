// Claims on real stores: of nodes that race for one, one has it, and of those that race for one that has lapsed.
import { expect, test } from "bun:test";
import { BucketClaims } from "../../../src/storage/s3/bucket-claims.ts";
import { waitUntil } from "../../e2e/program.ts";
import { engines } from "./engines.ts";

const key = "proxy/sha256-aa-bb";
const racers = 12;

test.skipIf(engines.length === 0).each(engines)(
  "on %s a claim is one node's",
  async (_name, start) => {
    await using engine = await start();
    const nodes = Array.from({ length: racers }, (_, index) => {
      return new BucketClaims(engine.objects, { newId: () => crypto.randomUUID(), holder: `${index}`, seconds: 4 });
    });
    const race = async () => {
      const taken = await Promise.all(nodes.map(async (node) => await node.take(key, "begun")));
      return taken.flatMap((each) => (each !== undefined && "end" in each ? [each] : []));
    };
    const first = await race();
    const others = nodes[0];
    await first[0]?.renew("half");
    const renewed = await others?.look(key);
    await waitUntil("it lapses", async () => {
      const found = await others?.look(key);
      return found !== undefined && found !== "nobody" && found.state === "lapsed";
    });
    const second = await race();
    // It is somebody else's by now, and stays.
    await first[0]?.end();
    const kept = await others?.look(key);
    await second[0]?.end();
    expect([first.length, renewed, second.length, kept, await others?.look(key)]).toEqual([
      1,
      expect.objectContaining({ note: "half", state: "held" }),
      1,
      expect.objectContaining({ note: "begun", state: "held" }),
      "nobody",
    ]);
  },
  120_000,
);
