import { expect, test } from "bun:test";
import { planKeyRanges, walkObjects } from "../../../src/storage/s3/walk.ts";
import { bytesOf, openBucket } from "./bucket.ts";

test("planKeyRanges() leaves nothing out and has nothing twice", () => {
  const planned = planKeyRanges("r/");
  expect([
    planned.length,
    planned[0]?.after,
    planned.at(-1)?.end,
    planned.slice(1).every(({ after }, index) => after === planned[index]?.end),
  ]).toEqual([16, undefined, undefined, true]);
});

test.each([1, 3, 1000])("walkObjects() visits everything below the prefix once, in pages of %p", async (pageSize) => {
  const { engine, client } = openBucket({ pageSize });
  const names = ["0", "2", "22", "4a", "_x", "a", "a/1", "a/2", "b", "m/1", "z", "zz/9", "~", "-"];
  for (const name of names) engine.objects.set(`r/${name}`, bytesOf("x"));
  for (const other of ["q/1", "r", "s/1"]) engine.objects.set(other, bytesOf("x"));
  const visited: string[] = [];
  await walkObjects(client, "r/", (objects) => void visited.push(...objects.map(({ key }) => key)));
  expect(visited.sort()).toEqual(names.map((name) => `r/${name}`).sort());
});

test("walkObjects() fails if one page cannot be listed", async () => {
  const { engine, client } = openBucket({ limits: { attempts: 1, totalMs: 1 } });
  engine.fault = ({ query }) => ((query.get("start-after") ?? "").startsWith("r/m") ? { kind: "dropped" } : undefined);
  expect(await walkObjects(client, "r/", () => {}).catch((error: Error) => error.name)).toBe("S3Failure");
});
