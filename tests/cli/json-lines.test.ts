import { expect, test } from "bun:test";
import { jsonLines } from "../../src/cli/json-lines.ts";
import { fakeIo } from "./fake-io.ts";

test("jsonLines() that is quiet leaves out what is as it should be, but for the summary", () => {
  const io = fakeIo();
  const output = jsonLines(io, { isQuiet: true });
  for (const kind of ["removal", "finding", "progress"]) output.report({ kind });
  output.finish({ findings: 1 });
  expect(io.output()).toBe('{"kind":"finding"}\n{"kind":"summary","findings":1}\n');
});

test("jsonLines() writes one object a line, leaves progress out, and ends with the summary", () => {
  const io = fakeIo();
  const output = jsonLines(io);
  output.report({ kind: "finding" });
  output.report({ kind: "progress" });
  output.finish({ findings: 1 });
  expect(io.output()).toBe('{"kind":"finding"}\n{"kind":"summary","findings":1}\n');
});
