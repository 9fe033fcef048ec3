// Commands that root runs on the store of a server that is somebody else's leave nothing there that the server cannot
// replace or remove.
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { plainArgs } from "../crash/killed-run.ts";
import { startRegistry } from "../e2e/executable.ts";
import { pullImage, pushImage } from "../e2e/image.ts";
import { prepareOtherUser } from "../e2e/other-user.ts";
import { runOn } from "./run-command.ts";

test("after a repair and a collection by root, the server of another user pushes and deletes", async () => {
  using other = prepareOtherUser();
  const data = join(other.home, "data");
  const start = () => startRegistry({ data, args: plainArgs, executable: other.executable, under: other.become });
  {
    await using before = await start();
    await pushImage(before, "team/app");
    await before.stop();
  }
  // As in a directory that another registry wrote.
  for (const own of ["trash", "gc", "locks"]) rmSync(join(data, own), { recursive: true });
  rmSync(join(data, "docker/registry/v2/repositories/team/app/_layers"), { recursive: true });
  expect(await runOn(data, "verify", "--repair")).toMatchObject({ code: 0, summary: { repaired: 2 } });
  expect(await runOn(data, "gc", "--grace", "0s")).toMatchObject({ code: 0, summary: { marked: 3 } });
  await using after = await start();
  await pullImage(after, "team/app");
  await pushImage(after, "team/app", { tag: "2" });
  for (const tag of ["latest", "2"]) {
    expect((await after.fetch(`/v2/team/app/manifests/${tag}`, { method: "DELETE" })).status).toBe(202);
  }
});
