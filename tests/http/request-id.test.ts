import { expect, test } from "bun:test";
import { requestIdOf } from "../../src/http/request-id.ts";

test.each([
  ["6f0c1f7a-0000-4000-8000-000000000001"],
  ["1-67891233-abcdef012345678912345678"],
  ["host/app:17+x=@a.b_c"],
  ["x".repeat(128)],
])("requestIdOf() takes %p over", (given) => {
  expect(requestIdOf(new Headers({ "X-Request-Id": given }), () => "made")).toBe(given);
});

test.each([[""], ["a b"], ["x".repeat(129)], ["a\tb"], ['a"b'], ["\u00e9"], ["\u001b[31m"], ["one, two"]])(
  "requestIdOf() makes one instead of %p",
  (given) => {
    expect(requestIdOf(new Headers({ "X-Request-Id": given }), () => "made")).toBe("made");
  },
);

test("requestIdOf() makes one where there is none", () => {
  expect(requestIdOf(new Headers(), () => "made")).toBe("made");
});
