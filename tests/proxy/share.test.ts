import { expect, test } from "bun:test";
import { Shared } from "../../src/proxy/share.ts";

test("work under way is shared by key, and done anew afterwards, also after a failure", async () => {
  const shared = new Shared<number>();
  let runs = 0;
  const work = async () => {
    runs += 1;
    if (runs === 2) throw new Error("no");
    return runs;
  };
  const both = await Promise.all([shared.run("a", work), shared.run("a", work)]);
  const failed = await shared.run("a", work).catch(() => "failed");
  const other = await Promise.all([shared.run("a", work), shared.run("b", work)]);
  expect([both, failed, other]).toEqual([[1, 1], "failed", [3, 4]]);
});
