// Results as tables in Markdown.
import { type Aim, aimOf, columnsOf, missesOf, standingOf } from "./aims.ts";
import { estimate } from "./elsewhere.ts";
import type { Growth, Kind, Results, Row } from "./results.ts";
import { labels } from "./servers/peers.ts";
import { formatNumber, median } from "./statistics.ts";

/** A table in Markdown; numbers in it are aligned by whoever shows it. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells) => `| ${cells.join(" | ")} |`);
  const [head = ""] = lines;
  return [head, `|${"---|".repeat(rows[0]?.length ?? 0)}`, ...lines.slice(1)].join("\n");
}

/**
 * A table for each setting, with every row: each registry's time and, in brackets, processor time; then how ours stands to
 * the best peer.
 */
export function formatResults({ rows, workers }: Results): string {
  const options = { hasWorkers: workers !== undefined && workers !== 1 };
  const settings = [...new Set(rows.map(settingOf))];
  const tables = settings.map((setting) => {
    const own = rows.filter((row) => settingOf(row) === setting);
    const kinds = columnsOf(own);
    const head = ["work", "unit", ...kinds.map((kind) => labels[kind]), "ours / best peer", "aim", "met"];
    const lines = own.map((row) => formatRow(row, kinds, aimOf(row, options)));
    return `### On ${setting}\n\n${formatTable([head, ...lines])}`.replace("### On memory", "### In memory");
  });
  return tables.join("\n\n");
}

const settingOf = ({ id }: Row) => id.slice(id.indexOf("@") + 1);

function formatRow(row: Row, kinds: readonly Kind[], aim: Aim | undefined): readonly string[] {
  const { wall, cpu } = standingOf(row);
  const standing = pair(format(wall), format(cpu));
  const misses = aim === undefined ? undefined : missesOf(row, aim);
  const verdict =
    misses === undefined ? "" : misses.length === 0 ? "yes" : `**no** (${misses.map(partName).join(", ")})`;
  const work = row.work.replace(` (${settingOf(row)})`, "");
  return [work, row.unit, ...kinds.map((kind) => formatCell(row, kind)), standing, formatAim(row, aim), verdict];
}

const partName = (part: keyof Aim) => ({ wall: "time", cpu: "CPU", atMost: "amount" })[part];

/** What was not measured here but reckoned has a sign before it. */
function formatCell(row: Row, kind: Kind): string {
  const series = row.series[kind];
  if (series !== undefined) return pair(format(median(series.values)), format(median(series.cpu ?? [])));
  const estimated = estimate(row)[kind];
  if (estimated === undefined) return "";
  return `≈ ${pair(format(estimated.wall) || "?", format(estimated.cpu))}`;
}

function formatAim({ unit }: Row, aim: Aim | undefined): string {
  if (aim === undefined) return "";
  if (aim.atMost !== undefined) return `≤ ${aim.atMost} ${unit}`;
  return `≤ ${pair(aim.wall === undefined ? "…" : String(aim.wall), aim.cpu === undefined ? "" : String(aim.cpu))}`;
}

const format = (value: number | undefined) => (value === undefined ? "" : formatNumber(value));
const pair = (first: string, second: string) => (second === "" ? first : `${first} (${second})`);

/** What was measured on what. */
export function formatHead({ machine, date, versions, workers }: Results): string {
  const named = Object.entries(versions).map(([kind, version]) => `- ${labels[kind as Kind]}: \`${version}\``);
  const ours = workers === undefined ? "" : `\n- \`http.workers\` of ours: ${workers}`;
  return `${machine}; ${date}\n\n${named.join("\n")}${ours}`;
}

/** The numbers behind one plot. */
export function formatGrowth({ over, unit, sizes, lines, aims }: Growth): string {
  const rows = Object.entries(lines).map(([name, values]) => [
    name,
    ...sizes.map((_, index) => format(values[index])),
    ...(aims === undefined ? [] : formatLastAim(values.at(-1), aims[name])),
  ]);
  const head = [`${unit}, over ${over}`, ...sizes.map((size) => size.toLocaleString("en"))];
  return formatTable([[...head, ...(aims === undefined ? [] : ["aim", "met"])], ...rows]);
}

/** Whether the value at the largest size is what it is to be. */
function formatLastAim(value: number | undefined, aim: number | undefined): readonly [string, string] {
  if (aim === undefined) return ["", ""];
  return [`≤ ${aim}`, value === undefined ? "not measured" : value <= aim ? "yes" : "**no**"];
}
