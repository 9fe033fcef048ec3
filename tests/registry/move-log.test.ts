import { describe, expect, test } from "bun:test";
import { moveLogKey } from "../../src/registry/layout.ts";
import { movedTo, noteMove, readMoveLog, startMoveLog } from "../../src/registry/move-log.ts";
import { digestOf, named, pushImage, stocked, tagged } from "./stocked.ts";

const app = named("app");
const [one, other] = [digestOf("one"), digestOf("other")];

describe("the log of moved tags", () => {
  test("is kept by every push while there is one", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1" });
    expect(await readMoveLog(stock.store, app)).toBeUndefined();
    const id = await startMoveLog(stock.store, app);
    const digest = await pushImage(stock, "app", { tag: "2" });
    const log = await readMoveLog(stock.store, app);
    expect([log?.id, await startMoveLog(stock.store, app)]).toEqual([id, id]);
    expect(log === undefined ? [] : movedTo(digest, log)).toEqual([tagged("2")]);
  });

  test("reads beyond a line that was cut off", () => {
    const log = { id: "x", moves: `${one} v1\n${one} v${other} v2\n${one} v3\n${other} v4\n${one}` };
    expect([movedTo(one, log), movedTo(other, log)] as unknown).toEqual([
      ["v1", "v3"],
      ["v2", "v4"],
    ]);
  });

  test("goes when it is long, so that who relied on it begins anew", async () => {
    const { store } = stocked();
    const first = await startMoveLog(store, app);
    await store.objects.append(moveLogKey(digestOf("app")), new Uint8Array(1024 * 1024));
    await noteMove(store, app, { tag: tagged("1"), digest: one });
    expect([await readMoveLog(store, app), (await startMoveLog(store, app)) === first]).toEqual([undefined, false]);
  });
});
