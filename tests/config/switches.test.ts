import { expect, test } from "bun:test";
import { showSettings } from "../../src/config/shown.ts";
import { applySwitches } from "../../src/config/switches.ts";
import { emptyMap } from "../../src/config/tree.ts";
import { load, problemsOf } from "./written-file.ts";

const sections = {
  gc: (on: boolean, written: string) => ({ text: `version: 0.1\ngc: ${written}\n`, on }),
  verify: (on: boolean, written: string) => ({ text: `version: 0.1\nverify: ${written}\n`, on }),
  selfsigned: (on: boolean, written: string) => ({ text: `version: 0.1\nhttp: {tls: {selfsigned: ${written}}}\n`, on }),
};

test.each(
  Object.values(sections).flatMap((section) => [
    section(true, ""),
    section(true, "{}"),
    section(true, "true"),
    section(true, "{disabled: false}"),
    section(true, "{disabled: no, enabled: true}"),
    section(false, "false"),
    section(false, "off"),
    section(false, "{disabled: true}"),
    section(false, "{disabled: yes, enabled: true}"),
    section(false, "{enabled: false}"),
  ]),
)("$text is on: $on", async ({ text, on }) => {
  const { gc, verify, http } = (await load({ text })).configuration;
  expect(gc.isOn || verify.isOn || http.tls.selfsigned.isOn).toBe(on);
});

test("GitLab's file never starts a collection, and what is shown says so", async () => {
  const text = "version: 0.1\ngc:\n  disabled: true\n  maxbackoff: 24h\n  blobs: {interval: 5s}\n";
  const { configuration, settings, warnings } = await load({ text });
  expect([configuration.gc.isOn, warnings]).toEqual([false, []]);
  expect(showSettings(settings).find(({ key }) => key === "gc")).toEqual({
    key: "gc",
    value: "false",
    origin: expect.stringMatching(/:3:3$/),
  });
});

test.each([
  [undefined, { REGISTRY_GC_DISABLED: "true" }, false],
  [undefined, { REGISTRY_GC_ENABLED: "false" }, false],
  [undefined, { REGISTRY_GC: "{disabled: true}" }, false],
  ["version: 0.1\ngc: {disabled: true}\n", { REGISTRY_GC_DISABLED: "false" }, true],
])("%j with %j: %j", async (text, env, want) => {
  expect((await load({ text, env })).configuration.gc.isOn).toBe(want);
});

test("what is neither yes nor no is an error", async () => {
  expect(await problemsOf({ text: "version: 0.1\ngc: {disabled: perhaps}\n" })).toEqual([
    'config.yml:2:6: gc.disabled: must be true or false, not "perhaps"',
  ]);
});

test("applySwitches() leaves a tree alone that says nothing of it", () => {
  const tree = emptyMap({ kind: "default" });
  expect(applySwitches(tree)).toBe(tree);
});
