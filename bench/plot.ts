// A plot of cost over size as SVG: both axes logarithmic, one line for each thing that was measured.
import type { Growth } from "./results.ts";
import { formatNumber } from "./statistics.ts";

const [width, height] = [760, 420];
const area = { left: 70, top: 50, right: 520, bottom: 360 };
/** Told apart by eyes that see no colours too: by three marks, on lines that are whole or broken. */
const colours = ["#1f5fa8", "#b3541e", "#2f7d32", "#7b3fa0", "#8a6d00", "#a8324a"];

type Place = (value: number) => number;

/** Draws it. */
export function formatPlot({ title, over, unit, sizes, lines }: Growth): string {
  const values = Object.values(lines)
    .flat()
    .filter((value) => value !== undefined && value > 0)
    .map(Number);
  const x = scale(sizes, { from: area.left, to: area.right });
  const y = scale(values, { from: area.bottom, to: area.top });
  const drawn = Object.entries(lines).map(([name, line], index) => formatLine({ name, line, index }, { sizes, x, y }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${area.left}" y="28" font-size="15">${escapeXml(title)}</text>`,
    ...decades(sizes).map((size) => formatTick(x(size), formatSize(size), "vertical")),
    ...decades(values).map((value) => formatTick(y(value), formatNumber(value), "horizontal")),
    `<text x="${(area.left + area.right) / 2}" y="${area.bottom + 42}" text-anchor="middle">${escapeXml(over)}</text>`,
    `<text transform="translate(18 ${(area.top + area.bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeXml(unit)}</text>`,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

/** The powers of ten around values, at least two of them. */
export function decades(values: readonly number[]): readonly number[] {
  if (values.length === 0) return [1, 10];
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

function scale(values: readonly number[], { from, to }: { readonly from: number; readonly to: number }): Place {
  const marks = decades(values).map(Math.log10);
  const [low, high] = [marks[0] ?? 0, marks.at(-1) ?? 1];
  return (value) => round(from + ((Math.log10(value) - low) / (high - low)) * (to - from));
}

function formatTick(at: number, label: string, direction: "vertical" | "horizontal"): string {
  const line =
    direction === "vertical"
      ? `<line x1="${at}" y1="${area.top}" x2="${at}" y2="${area.bottom}" stroke="#ddd"/>`
      : `<line x1="${area.left}" y1="${at}" x2="${area.right}" y2="${at}" stroke="#ddd"/>`;
  const text =
    direction === "vertical"
      ? `<text x="${at}" y="${area.bottom + 20}" text-anchor="middle">${label}</text>`
      : `<text x="${area.left - 8}" y="${at + 4}" text-anchor="end">${label}</text>`;
  return line + text;
}

interface Line {
  readonly name: string;
  readonly line: readonly (number | undefined)[];
  readonly index: number;
}

/** A line, a mark at each point, and its name beside the last one. */
function formatLine(
  { name, line, index }: Line,
  axes: { readonly sizes: readonly number[]; x: Place; y: Place },
): string {
  const colour = colours[index % colours.length] ?? "#000";
  const points = line.flatMap((value, place) => {
    const size = axes.sizes[place];
    return value === undefined || value <= 0 || size === undefined ? [] : [[axes.x(size), axes.y(value)] as const];
  });
  const dashes = index < 3 ? "" : ' stroke-dasharray="6 4"';
  const legendY = area.top + 10 + index * 22;
  return [
    `<polyline points="${points.map((point) => point.join(",")).join(" ")}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`,
    ...points.map((point) => formatMark(point, index, colour)),
    formatMark([area.right + 24, legendY - 4], index, colour),
    `<text x="${area.right + 36}" y="${legendY}">${escapeXml(name)}</text>`,
  ].join("");
}

function formatMark([x, y]: readonly [number, number], index: number, colour: string): string {
  if (index % 3 === 0) return `<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`;
  if (index % 3 === 1) return `<rect x="${x - 4}" y="${y - 4}" width="8" height="8" fill="${colour}"/>`;
  return `<path d="M${x} ${y - 5}l5 9h-10z" fill="${colour}"/>`;
}

const round = (value: number) => Math.round(value * 10) / 10;

function formatSize(size: number): string {
  const [unit, name] = (
    [
      [1e9, "G"],
      [1e6, "M"],
      [1e3, "k"],
    ] as const
  ).find(([from]) => size >= from) ?? [1, ""];
  return `${size / unit}${name}`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
