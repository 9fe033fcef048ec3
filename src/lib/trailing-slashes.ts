// Addresses to which paths are appended.

/** The text without the slashes at its end. A regular expression would look at each run of slashes again and again. */
export function trimTrailingSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end -= 1;
  return text.slice(0, end);
}
