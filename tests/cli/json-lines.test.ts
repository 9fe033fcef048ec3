import { expect, test } from "bun:test";
import { jsonLines } from "../../src/cli/json-lines.ts";
import { fakeIo } from "./fake-io.ts";

test("jsonLines() writes one object a line, leaves progress out, and ends with the summary", () => {
  const io = fakeIo();
  const output = jsonLines(io);
  output.report({ kind: "finding" });
  output.report({ kind: "progress" });
  output.finish({ findings: 1 });
  expect(io.output()).toBe('{"kind":"finding"}\n{"kind":"summary","findings":1}\n');
});
