// Repository names (OCI distribution-spec, "Pulling manifests").
//
//   name      ::= component ("/" component)*          at most 255 characters
//   component ::= alnum+ (separator alnum+)*
//   separator ::= "." | "_" | "__" | "-"+
//   alnum     ::= [a-z0-9]

/** A well-formed repository name. Made only by `parseRepositoryName`. */
export type RepositoryName = string & { readonly brand: "RepositoryName" };

const maxNameLength = 255;
const component = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;

/** The repository name that the text spells, or undefined. */
export function parseRepositoryName(text: string): RepositoryName | undefined {
  if (text.length === 0 || text.length > maxNameLength) return undefined;
  return text.split("/").every((part) => component.test(part)) ? (text as RepositoryName) : undefined;
}
