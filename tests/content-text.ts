import { type Content, readContent } from "../src/lib/content.ts";

/** All of it as text. */
export async function contentText(content: Content): Promise<string> {
  return new TextDecoder().decode(await readContent(content));
}
