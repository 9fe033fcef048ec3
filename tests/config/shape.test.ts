import { expect, test } from "bun:test";
import type { ForeignKey } from "../../src/config/foreign-keys.ts";
import type { AnyKey } from "../../src/config/schema.ts";
import { buildShape, listPaths } from "../../src/config/shape.ts";
import { boolean } from "../../src/config/value-type.ts";

const references: AnyKey = {
  path: "notifications.events.includereferences",
  type: boolean,
  default: false,
  help: "Whether references are in an event.",
};
const foreign: ForeignKey = { path: "notifications.endpoints", effect: "ignored" };

test("buildShape() makes one tree of keys and foreign keys", () => {
  const notifications = buildShape([references], [foreign]).children.get("notifications");
  const events = notifications?.children.get("events");
  expect(events?.children.get("includereferences")).toMatchObject({ key: references, foreign: undefined });
  expect(notifications?.children.get("endpoints")).toMatchObject({ foreign, key: undefined });
});

test("listPaths() names sections and keys", () => {
  expect(listPaths(buildShape([references], [foreign]))).toEqual([
    "notifications",
    "notifications.events",
    "notifications.events.includereferences",
    "notifications.endpoints",
  ]);
});
