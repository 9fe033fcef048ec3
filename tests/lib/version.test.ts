import { expect, test } from "bun:test";
import { version } from "../../src/lib/version.ts";

test("sources that run as they are have no version", () => {
  expect(version).toBe("development");
});
