// Commands that root runs on the store of a server that is somebody else's leave nothing there that the server cannot
// replace or remove.
import { expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { plainArgs } from "../crash/killed-run.ts";
import { makeClientMachine } from "../e2e/client-machine.ts";
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

test("serve, gc and verify mean the same directory for a user whom the system's does not belong to", async () => {
  using other = prepareOtherUser();
  await using machine = await makeClientMachine("/var/lib");
  const garbage = `docker/registry/v2/blobs/sha256/aa/${"a".repeat(64)}`;
  const asUser = (...words: string[]) =>
    machine.run([...other.become, ...words], { env: { HOME: other.home, XDG_DATA_HOME: undefined }, cwd: "/" });
  await machine.run(["sh", "-c", `mkdir -p /var/lib/registry/${garbage} && touch /var/lib/registry/${garbage}/data`]);
  const serve = ["timeout", "--signal=TERM", "3", other.executable, "serve", "--http", "--addr", "127.0.0.1:0"];
  const { stdout } = await asUser(...serve);
  const data = join(other.home, ".local/share/registry");
  expect(stdout).toContain(`data         ${data}\n`);
  expect(existsSync(join(data, "locks"))).toBe(true);
  for (const command of ["gc", "verify"]) {
    const { code, stderr, stdout } = await asUser(other.executable, command, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject(
      command === "gc" ? { condemned: 0 } : { blobs: 0 },
    );
  }
  // Root means the system's.
  const byRoot = await machine.run([other.executable, "verify", "--json"], { cwd: "/" });
  expect(JSON.parse(byRoot.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ blobs: 1 });
});
