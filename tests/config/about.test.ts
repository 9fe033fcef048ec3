import { expect, test } from "bun:test";
import { ignored, silent, unsupported } from "../../src/config/about.ts";

test("foreign keys are optional; what is unsupported takes no value", () => {
  const error = "this version does not have it";
  expect([ignored, silent, unsupported(error)].map((schema) => schema.safeParse(undefined).success)).toEqual([
    true,
    true,
    true,
  ]);
  expect(
    unsupported(error)
      .safeParse("")
      .error?.issues.map(({ message }) => message),
  ).toEqual([error]);
});
