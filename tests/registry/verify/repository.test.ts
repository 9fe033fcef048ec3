// Every kind of damage that can be seeded: it is found, nothing is invented, and a repair repairs what can be repaired.
import { describe, expect, test } from "bun:test";
import { blobKey, layerLink, revisionLink } from "../../../src/registry/layout.ts";
import { verifyExitCode } from "../../../src/registry/verify/report.ts";
import { damages } from "../damages.ts";
import { danglingDamages } from "../dangling-damages.ts";
import { digestOf, named, pullImage, pushImage, stocked, tagged } from "../stocked.ts";
import { sound, verify } from "./verified.ts";

const one = tagged("1");

describe.each([...damages, ...danglingDamages])("$what", ({ seed, severity, problem, repaired: [code, repaired] }) => {
  test("is found, and nothing else", async () => {
    const { stock, image, signature } = await sound();
    await seed(stock, image, signature);
    const { findings, summary } = await verify(stock);
    expect(findings).toEqual([[severity, expect.stringMatching(problem)]]);
    expect(verifyExitCode(summary)).toBe(severity === "lost" ? 2 : 1);
  });

  test("is repaired as far as that can be, and nothing is taken away", async () => {
    const { stock, image, signature } = await sound();
    await seed(stock, image, signature);
    const { summary, repaired: how } = await verify(stock, { isRepairing: true });
    expect([verifyExitCode(summary), how]).toEqual([code, repaired as string[]]);
    if (code === 0) {
      expect((await verify(stock)).findings).toEqual([]);
      expect(await pullImage(stock, "app", one)).toBe(true);
    }
  });
});

test("what the manifest of a tag names is looked for, although the manifest is not linked", async () => {
  const stock = stocked();
  const driver = stock.store;
  const image = await pushImage(stock, "app", { tag: "1", layers: ["lost"] });
  const lost = digestOf("lost");
  for (const key of [revisionLink(named("app"), image), layerLink(named("app"), lost), blobKey(lost)])
    await driver.objects.delete(key);
  expect((await verify(stock)).findings.map(([severity]) => severity)).toEqual(["repairable", "lost"]);
});
