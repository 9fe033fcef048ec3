import { expect, test } from "bun:test";
import { Health } from "../../src/http/health.ts";

test("the registry is ready while nothing is wrong", () => {
  const health = new Health();
  const seen = [health.isReady()];
  health.note("a", "broken");
  health.note("b", "gone");
  health.note("a", undefined);
  seen.push(health.isReady());
  const problems = health.problems();
  health.note("b", undefined);
  seen.push(health.isReady());
  expect([seen, problems, health.problems()]).toEqual([[true, false, true], { b: "gone" }, {}]);
});

test("the operator's switch is one more check", () => {
  const health = new Health();
  health.switchTo("down");
  const down = [health.isReady(), health.problems()];
  health.switchTo("up");
  expect([...down, health.isReady()]).toEqual([false, { manual_http_status: "manual Check" }, true]);
});

test("a registry that is about to stop is not ready, although nothing is wrong", () => {
  const health = new Health();
  health.beginStopping();
  expect([health.isReady(), health.problems()]).toEqual([false, {}]);
});

test("whoever listens hears of all problems when one has come or gone, and another process can take them over", () => {
  const [told, other] = [[] as unknown[], new Health()];
  const health = new Health((problems) => told.push(problems));
  health.note("a", "broken");
  health.note("a", "broken");
  other.replace(health.problems());
  const taken = other.problems();
  health.note("a", undefined);
  other.replace(health.problems());
  expect([told, taken, other.problems(), other.isReady()]).toEqual([[{ a: "broken" }, {}], { a: "broken" }, {}, true]);
});
