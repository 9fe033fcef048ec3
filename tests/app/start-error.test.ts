import { expect, test } from "bun:test";
import { explainDataError, explainListenError } from "../../src/app/start-error.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

test.each([
  ["EADDRINUSE", ":5000 is already in use"],
  ["EADDRNOTAVAIL", "not an address of this machine"],
  ["EACCES", "not permitted"],
])("explainListenError() says what to do about %s", (code, part) => {
  expect(explainListenError(systemError(code), ":5000")).toContain(part);
});

test("explainListenError() says of a name that it cannot be found", () => {
  expect(explainListenError(systemError("ENOTTY"), "none.invalid:5000")).toEqual(
    "the name none.invalid cannot be found; give an address of this machine with --addr, such as :5000",
  );
});

test("explainListenError() has no sentence for what it does not know", () => {
  expect([systemError("EMFILE"), new Error("x"), "x"].map((error) => explainListenError(error, ":1"))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([
  ["a permission", systemError("EACCES"), "run as its owner"],
  ["a full disk", systemError("ENOSPC"), "the disk is full"],
  ["what the driver says", new Error("on different devices"), "on different devices"],
  ["what is no error", "text", "text"],
])("explainDataError() names the directory, the reason and the flag: %s", (_name, error, part) => {
  const sentence = explainDataError(error, "/data");
  expect([sentence.includes(part), sentence.includes("/data"), sentence.includes("--data")]).toEqual([
    true,
    true,
    true,
  ]);
});
