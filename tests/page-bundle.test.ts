import { expect, test } from "bun:test";
import { brotliDecompressSync } from "node:zlib";
import { bundlePage } from "../page-bundle.ts";

const files = await bundlePage();
const bytesOf = ({ brotli }: { readonly brotli: string }) => Buffer.from(brotli, "base64");

test("the page is a script, a style sheet and an icon, each under the hash of its content", () => {
  expect(files.map(({ name, type }) => [name.replace(/[0-9a-f]{16}/, "#"), type])).toEqual([
    ["page-#.js", "text/javascript; charset=utf-8"],
    ["page-#.css", "text/css; charset=utf-8"],
    ["icon-#.svg", "image/svg+xml"],
  ]);
});

test("the page is at most 100 KiB compressed", () => {
  expect(files.reduce((sum, file) => sum + bytesOf(file).length, 0)).toBeLessThanOrEqual(100 * 1024);
});

test("the page asks no other host, and needs nothing that its security policy forbids", () => {
  const [script = "", style = ""] = files.map((file) => brotliDecompressSync(bytesOf(file)).toString());
  const forbidden = /\beval\(|new Function|\bimport\(|@import|url\(/;
  // Names of namespaces are no addresses.
  const addresses = [...`${script}${style}`.matchAll(/https?:\/\/[\w.]+/g)].map(([text]) => text);
  expect([
    addresses.filter((text) => text !== "http://www.w3.org"),
    script.match(forbidden),
    style.match(forbidden),
  ]).toEqual([[], null, null]);
});
