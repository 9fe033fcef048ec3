import { expect, test } from "bun:test";
import { listSome, requireAgreement } from "../../../src/cli/images/removal-target.ts";
import { fakeIo } from "../fake-io.ts";

test.each([
  ["y", undefined],
  ["YES ", undefined],
  ["", "nothing was deleted"],
  ["yessir", "nothing was deleted"],
])("the answer %p", async (answer, problem) => {
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return answer;
  };
  const io = fakeIo({ isTerminal: true, ask });
  const outcome = await requireAgreement(io, "Delete 1 tag?", false).catch((error: Error) => error.message);
  expect([outcome, asked]).toEqual([problem, ["Delete 1 tag? [y/N] "]] as never);
});

test("nobody is asked who has agreed, and nobody can be without a terminal", async () => {
  expect(await requireAgreement(fakeIo(), "?", true)).toBeUndefined();
  expect(await requireAgreement(fakeIo(), "?", false).catch((error: Error) => error.message)).toBe(
    "nothing was deleted: there is no terminal to ask on; give --yes",
  );
});

test("of many the first are listed", () => {
  expect([listSome(["a", "b"], 2), listSome(["a", "b", "c"], 2)]).toEqual(["a, b", "a, b and 1 more"]);
});
