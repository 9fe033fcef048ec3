// The XML that object stores speak: elements with text. Attributes, comments and document types say nothing here, and no
// entity is expanded but the five that XML itself has.
import { SaxesParser } from "saxes";
import { stepAside } from "../../lib/pacer.ts";

/** An element with its text, and the elements right below it. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: OpenElement[];
}

/** Answers are nested four deep; nobody needs more. */
const maxDepth = 16;
/** As much as is parsed in two milliseconds. */
const sliceLength = 32 * 1024;

/** The root element; undefined for a text that is no XML, or nested too deep. */
export async function parseXml(text: string): Promise<XmlElement | undefined> {
  const open: OpenElement[] = [{ name: "", text: "", children: [] }];
  let isBroken = false;
  const parser = new SaxesParser();
  parser.on("error", () => {
    isBroken = true;
  });
  parser.on("opentag", ({ name }) => {
    const element: OpenElement = { name, text: "", children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
    if (open.length > maxDepth) isBroken = true;
  });
  const addText = (piece: string) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += piece;
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    open.pop();
  });
  for (let start = 0; start < text.length && !isBroken; start += sliceLength) {
    await stepAside();
    parser.write(text.slice(start, start + sliceLength));
  }
  if (!isBroken) parser.close();
  return isBroken ? undefined : open[0]?.children[0];
}

/** The text of the first element of this name right below; undefined if there is none. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

/** All elements of this name right below. */
export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** The text as it is written inside of an element. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}
