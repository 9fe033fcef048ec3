import { expect, test } from "bun:test";
import { builtPageFiles } from "../../../src/app/listening/page-files.ts";
import { packed } from "../../http/packed-files.ts";

test("builtPageFiles() are none if the sources run as they are, and those of the build otherwise", () => {
  expect([builtPageFiles(), builtPageFiles(packed)?.nameEndingIn(".js")]).toEqual([undefined, "page-1.js"]);
});
