// Where one is on the page, in the part of the address after "#", which never reaches the server.
//
//   #/                                     repositories
//   #/?q=app                               repositories that match
//   #/repositories/<name>                  a repository
//   #/repositories/<name>?q=1.*&sort=size  its tags, filtered and sorted
//   #/images/<name>:<tag>  <name>@<digest> an image
//   #/registry                             the registry

/** How tags are sorted. */
export type TagSort = "name" | "pushed" | "size";

/** A place on the page. */
export type PageLocation =
  | { readonly kind: "repositories"; readonly query: string }
  | {
      readonly kind: "repository";
      readonly name: string;
      readonly query: string;
      readonly sort: TagSort;
      readonly isDescending: boolean;
    }
  | { readonly kind: "image"; readonly name: string; readonly reference: string }
  | { readonly kind: "registry" }
  | { readonly kind: "nowhere" };

/** What cannot be a name or a reference leads nowhere, and is never part of a path that is asked for. */
const nameGrammar = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*$/;
const referenceGrammar = /^(?:\w[\w.-]{0,127}|[a-z0-9]+:[0-9a-f]+)$/;

/** Reads the part after "#", which may be anything. */
export function parseLocation(hash: string): PageLocation {
  const [path = "", search = ""] = splitOnce(hash.replace(/^#/, ""), "?");
  const query = new URLSearchParams(search);
  const words = decode(path);
  if (words === "" || words === "/") return { kind: "repositories", query: query.get("q") ?? "" };
  if (words === "/registry") return { kind: "registry" };
  if (words?.startsWith("/repositories/") === true) {
    const name = words.slice("/repositories/".length);
    if (!nameGrammar.test(name)) return { kind: "nowhere" };
    return {
      kind: "repository",
      name,
      query: query.get("q") ?? "",
      sort: parseSort(query.get("sort")),
      isDescending: query.get("order") === "desc",
    };
  }
  return words?.startsWith("/images/") === true ? imageAt(words.slice("/images/".length)) : { kind: "nowhere" };
}

/** The same, to be put behind "#". */
export function formatPageLocation(location: PageLocation): string {
  switch (location.kind) {
    case "repositories":
      return `#/${formatQuery({ q: location.query })}`;
    case "repository": {
      const { name, query, sort, isDescending } = location;
      const order = isDescending ? "desc" : "";
      return `#/repositories/${encodePath(name)}${formatQuery({ q: query, sort: sort === "name" ? "" : sort, order })}`;
    }
    case "image":
      return `#/images/${encodePath(formatImageName(location))}`;
    case "registry":
      return "#/registry";
    case "nowhere":
      return "#/";
  }
}

/** The place of a repository, with its tags as they are sorted at first. */
export function repositoryAt(name: string): PageLocation {
  return { kind: "repository", name, query: "", sort: "name", isDescending: false };
}

/** What clients call an image, without the host: `team/app:v1` or `team/app@sha256:…`. */
export function formatImageName({ name, reference }: { readonly name: string; readonly reference: string }): string {
  return `${name}${isDigest(reference) ? "@" : ":"}${reference}`;
}

/** Whether a reference is a digest; a tag has no colon. */
export function isDigest(reference: string): boolean {
  return reference.includes(":");
}

function imageAt(text: string): PageLocation {
  const at = text.indexOf("@");
  const end = at === -1 ? text.lastIndexOf(":") : at;
  const [name, reference] = [text.slice(0, Math.max(end, 0)), text.slice(end + 1)];
  const isImage = nameGrammar.test(name) && referenceGrammar.test(reference);
  return isImage ? { kind: "image", name, reference } : { kind: "nowhere" };
}

function parseSort(text: string | null): TagSort {
  return text === "pushed" || text === "size" ? text : "name";
}

function formatQuery(fields: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== ""));
  return query.size === 0 ? "" : `?${query}`;
}

function encodePath(text: string): string {
  return text.split("/").map(encodeURIComponent).join("/").replaceAll("%3A", ":").replaceAll("%40", "@");
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
