import { expect, test } from "bun:test";
import { withFlock } from "../../../src/transfer/layout/flock-file.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test("withFlock() lets one work after the other, also after a failure", async () => {
  using directory = temporaryDirectory();
  const steps: string[] = [];
  const work = (name: string) =>
    withFlock(directory.path, async () => {
      steps.push(`${name} begins`);
      await Bun.sleep(1);
      steps.push(`${name} ends`);
    });
  const failing = withFlock(directory.path, async () => {
    throw new Error("failed");
  });
  expect(failing).rejects.toThrow("failed");
  await Promise.all([failing.catch(() => undefined), work("one"), work("two")]);
  const [first = ""] = steps[0]?.split(" ") ?? [];
  const second = first === "one" ? "two" : "one";
  expect(steps).toEqual([`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`]);
});
