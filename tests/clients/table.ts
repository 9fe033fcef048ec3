// The table of docs/clients.md.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ClientName, clients, versionOf } from "./clients.ts";
import type { Way } from "./site.ts";

/** One deed of one client, and the ways on which it was done. */
export interface Row {
  readonly client: string;
  readonly deed: string;
  readonly ways: readonly Way[];
}

const path = join(import.meta.dir, "../../docs/clients.md");
const begin = "<!-- clients: written from the run of tests/clients -->\n";
const end = "<!-- end -->";
/** In the order of the columns. */
const ways = ["plain HTTP", "TLS", "nodes"] as const satisfies readonly Way[];
const header = `| client | version | what it does | ${ways.join(" | ")} |\n${"|---".repeat(3 + ways.length)}|`;

/** The rows as they are written. */
export function readRows(): readonly Row[] {
  return readLines().map((line) => {
    const [client = "", , deed = "", ...cells] = cellsOf(line);
    return { client, deed, ways: ways.filter((_way, index) => cells[index] === "yes") };
  });
}

/** The versions as they are written, each client once. */
export function readVersions(): ReadonlyMap<string, string> {
  return new Map(readLines().map((line) => [cellsOf(line)[0] ?? "", cellsOf(line)[1] ?? ""]));
}

/** Puts a client's rows in the place of those that are there. */
export function writeRows(client: ClientName, rows: readonly Row[]): void {
  const all = [...readRows().filter((row) => row.client !== client), ...rows];
  const lines = clients.flatMap(({ name }) => all.filter((row) => row.client === name).map((row) => format(name, row)));
  const { before, after } = split();
  writeFileSync(path, `${before}${begin}${[header, ...lines].join("\n")}\n${after}`);
}

function format(client: ClientName, { deed, ways: done }: Row): string {
  const cells = ways.map((way) => (done.includes(way) ? "yes" : "–"));
  return `| ${[client, versionOf(client), deed, ...cells].join(" | ")} |`;
}

function cellsOf(line: string): readonly string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function readLines(): readonly string[] {
  return split().table.trimEnd().split("\n").slice(2);
}

function split(): { readonly before: string; readonly table: string; readonly after: string } {
  const text = readFileSync(path, "utf8");
  const start = text.indexOf(begin);
  const stop = text.indexOf(end, start);
  if (start < 0 || stop < 0) throw new Error(`${path} has no place for the table`);
  return { before: text.slice(0, start), table: text.slice(start + begin.length, stop), after: text.slice(stop) };
}
