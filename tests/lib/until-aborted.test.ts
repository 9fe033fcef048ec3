import { expect, test } from "bun:test";
import { untilAborted } from "../../src/lib/until-aborted.ts";

const never = new Promise<string>(() => undefined);
const reasonOf = (work: Promise<unknown>) => work.then(String, String);

test("untilAborted() gives the outcome of the work, good or bad", async () => {
  const { signal } = new AbortController();
  const works = [Promise.resolve("done"), Promise.reject(new Error("wrong"))];
  expect(await Promise.all(works.map((work) => reasonOf(untilAborted(work, signal))))).toEqual([
    "done",
    "Error: wrong",
  ]);
});

test("untilAborted() throws the reason of a signal that is aborted already, or comes first", async () => {
  const [over, later] = [new AbortController(), new AbortController()];
  over.abort("over");
  const waiting = untilAborted(never, later.signal);
  later.abort("later");
  const failing = Promise.reject(new Error("nobody hears this"));
  expect(await Promise.all([untilAborted(failing, over.signal), waiting].map(reasonOf))).toEqual(["over", "later"]);
});
