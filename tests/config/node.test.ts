import { expect, test } from "bun:test";
import * as z from "zod";
import { ignored, unsupported } from "../../src/config/about.ts";
import { describeSchema, listNodes, nodeAt } from "../../src/config/node.ts";
import { boolean, duration, texts } from "../../src/config/values.ts";

const rule = z.object({ users: texts.prefault([]), limits: z.record(z.string(), duration).optional() });
const root = describeSchema(
  z.object({
    gc: z
      .object({ isOn: boolean.prefault("true"), grace: duration.prefault("24h").meta({ description: "A grace." }) })
      .prefault({})
      .meta({ inFile: "false" }),
    access: z
      .object({ rules: z.array(rule).prefault([]) })
      .prefault({})
      .transform(({ rules }) => rules),
    redis: ignored,
    s3: unsupported("no"),
  }),
);

test("describeSchema() finds kinds and defaults inside of defaults and transformations", () => {
  const shown = listNodes(root).map(({ path, kind, isSwitch, fallback }) => [path, kind, isSwitch, fallback]);
  expect(shown).toEqual([
    ["gc", "section", true, "true"],
    ["gc.grace", "value", false, "24h"],
    ["access", "section", false, {}],
    ["access.rules", "list", false, []],
    ["redis", "foreign", false, undefined],
    ["s3", "foreign", false, undefined],
  ]);
});

test("describeSchema() keeps what the schema says about a key", () => {
  expect(
    [nodeAt(root, ["gc"]), nodeAt(root, ["gc", "grace"]), nodeAt(root, ["redis"])].map((node) => node?.about),
  ).toEqual([{ inFile: "false" }, { description: "A grace." }, { effect: "ignored" }]);
});

test.each([
  [["access", "rules", 0, "users", 1], "value"],
  [["access", "rules", 3], "section"],
  [["access", "rules", 0, "limits"], "map"],
  [["access", "rules", 0, "limits", "x"], "value"],
  [["access", "tules"], undefined],
  [["gc", "isOn"], undefined],
])("nodeAt(%p) is a %s", (segments, kind) => {
  expect(nodeAt(root, segments)?.kind).toEqual(kind as never);
});
