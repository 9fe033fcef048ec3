// What people type to find names: a part of the name, or a glob for the whole of it.

/** Whether the name fits. */
export type TextMatch = (name: string) => boolean;

/**
 * With `*` (any text) or `?` (one character) a glob for the whole name; otherwise a part of it. It takes at most as many
 * steps as both lengths multiplied, whatever a stranger writes.
 */
export function compileTextMatch(text: string): TextMatch {
  if (!/[*?]/.test(text)) return (name) => name.includes(text);
  const glob = text.replace(/\*+/g, "*");
  return (name) => matchGlob(glob, name);
}

/** On a difference it goes back to the last star alone, which may then stand for one character more. */
function matchGlob(glob: string, name: string): boolean {
  let [position, index] = [0, 0];
  let retry: { readonly position: number; index: number } | undefined;
  while (index < name.length) {
    const wanted = glob[position];
    if (wanted === "*") {
      retry = { position: position + 1, index };
      position += 1;
    } else if (wanted === "?" || (wanted !== undefined && wanted === name[index])) {
      position += 1;
      index += 1;
    } else if (retry !== undefined) {
      retry.index += 1;
      position = retry.position;
      index = retry.index;
    } else return false;
  }
  while (glob[position] === "*") position += 1;
  return position === glob.length;
}
