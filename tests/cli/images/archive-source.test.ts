import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { linesOf, pushMulti, pushRunnable, run, stockDirectory } from "./served.ts";

const config = { os: "linux", architecture: "amd64", config: { Cmd: ["app"] } };

test.each(["oci", "oci-archive", "docker-archive"])("what cp wrote to %s: is listed and shown", async (kind) => {
  await using directory = await stockDirectory();
  const digest = await pushRunnable(directory.stock, "app", { tag: "v1", config });
  const place = `${kind}:${join(directory.data, "archive")}`;
  expect((await run(["cp", "--data", directory.data, "app:v1", `${place}:v1`])).code).toBe(0);
  const [head, row] = linesOf((await run(["ls", place])).output);
  expect([head, row]).toEqual([
    "IMAGE | DIGEST | SIZE | PLATFORMS | CREATED",
    expect.stringMatching(/^v1 \| [0-9a-f]{12} \| \d+ B \| linux\/amd64$/),
  ]);
  expect((await run(["ls", "-q", `${place}:v*`])).output).toBe("v1\n");
  expect(JSON.parse((await run(["ls", "--json", place])).output)).toMatchObject({
    image: "v1",
    platforms: ["linux/amd64"],
  });
  expect(await run(["ls", `${place}:x*`])).toMatchObject({
    code: 1,
    errors: `registry ls: nothing in ${place} is called so\n`,
  });
  const shown = linesOf((await run(["inspect", `${place}:v1`])).output);
  expect(shown).toContain('command | ["app"]');
  if (kind === "docker-archive") return;
  expect(shown.slice(0, 2)).toEqual([`Image | ${place}:v1`, `Digest | ${digest}`]);
  expect(linesOf((await run(["inspect", place])).output)[1]).toBe(`Digest | ${digest}`);
  expect(linesOf((await run(["inspect", `${place}@${digest}`])).output)[1]).toBe(`Digest | ${digest}`);
});

test("of several images one has to be named, and an index has its platforms", async () => {
  await using directory = await stockDirectory();
  await pushRunnable(directory.stock, "app", { tag: "v1", config });
  await pushMulti(directory.stock, "app", "multi");
  const place = `oci:${join(directory.data, "layout")}`;
  for (const tag of ["v1", "multi"]) await run(["cp", "--data", directory.data, `app:${tag}`, `${place}:${tag}`]);
  expect(await run(["inspect", place])).toMatchObject({ code: 1, output: "" });
  expect(await run(["inspect", `${place}:none`])).toMatchObject({ code: 1, output: "" });
  const child = await run(["inspect", `${place}:multi`, "--platform", "linux/arm64"]);
  expect(linesOf(child.output)).toContain("Platform | linux/arm64");
  // What is missing is told, and hides nothing else.
  rmSync(join(directory.data, "layout/blobs"), { recursive: true });
  const { output } = await run(["ls", place]);
  expect(linesOf(output).filter((line) => line.includes("its manifest is not there"))).toHaveLength(2);
});

test.each(["oci", "oci-archive", "docker-archive"])("%s: that is not there is one line", async (kind) => {
  const { code, errors } = await run(["ls", `${kind}:/nowhere/at/all`]);
  expect([code, errors.split("\n").length]).toEqual([1, 2]);
});
