import { describe, expect, test } from "bun:test";
import { childrenOf, escapeXml, parseXml, textOf } from "../../../src/storage/s3/xml.ts";

describe("parseXml()", () => {
  test("reads elements with their texts, and leaves attributes, comments and CDATA's marks out", async () => {
    const root = await parseXml(
      '<?xml version="1.0"?><A x="1"><!-- no --><B>1 &lt; 2 &#65;</B><B><![CDATA[<raw>]]></B><C><D>4</D></C></A>',
    );
    if (root === undefined) throw new Error("no XML");
    expect([root.name, childrenOf(root, "B").map((each) => each.text), textOf(root, "B"), textOf(root, "Z")]).toEqual([
      "A",
      ["1 < 2 A", "<raw>"],
      "1 < 2 A",
      undefined,
    ]);
  });

  test.each([
    ["", "nothing"],
    ["<a>", "an open element"],
    ["<html><br></html>", "HTML"],
    ["plain text", "text"],
    ["<a>&who;</a>", "an entity of nobody's"],
    ['<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>', "entities of its own"],
    ["<a>".repeat(100) + "</a>".repeat(100), "too many levels"],
  ])("gives nothing for %j: %s", async (text) => {
    expect(await parseXml(text)).toBeUndefined();
  });

  test("reads a long answer in slices", async () => {
    const root = await parseXml(`<A>${"<B>text</B>".repeat(20_000)}</A>`);
    expect(root?.children.filter((child) => child.text === "text").length).toBe(20_000);
  });
});

test("escapeXml() is undone by parseXml()", async () => {
  const text = `a&b<c>"d"'e'`;
  expect((await parseXml(`<A>${escapeXml(text)}</A>`))?.text).toBe(text);
});
