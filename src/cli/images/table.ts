// Rows in columns, written as they come. The first rows decide how wide a column is, so that a long list needs no memory
// and begins at once.
import type { CommandIo } from "../command.ts";

/** Takes rows. */
export interface RowWriter {
  add(row: readonly string[]): void;
  /** Writes what is left; to be called at the end. */
  end(): void;
}

/** How many rows are collected, or for how long, before the first is written. */
const maxWaiting = 200;
const maxWaitMs = 500;
/** Output goes out in pieces of this size, or after this time. */
const maxPieceLength = 16 * 1024;
const maxPieceMs = 200;
/** Wider cells do not make the column wider. */
const maxWidth = 60;

/** Writes a table with this head; without one, rows of a single column are bare lines for other programs. */
export function createTable(io: Pick<CommandIo, "stdout" | "now">, head: readonly string[]): RowWriter {
  let waiting: (readonly string[])[] = [];
  let widths: readonly number[] | undefined;
  let piece = "";
  const startedMs = io.now();
  let flushedMs = startedMs;
  const flush = () => {
    if (piece !== "") io.stdout(piece);
    piece = "";
    flushedMs = io.now();
  };
  const write = (row: readonly string[]) => {
    piece += formatTableRow(row, widths ?? []);
    if (piece.length > maxPieceLength || io.now() - flushedMs > maxPieceMs) flush();
  };
  const decide = () => {
    if (widths !== undefined || waiting.length === 0) return;
    const rows = head.length === 0 ? waiting : [head, ...waiting];
    widths = measure(rows);
    waiting = [];
    for (const row of rows) write(row);
  };
  return {
    add: (row) => {
      if (widths !== undefined) return write(row);
      waiting.push(row);
      if (waiting.length >= maxWaiting || io.now() - startedMs > maxWaitMs) {
        decide();
        flush();
      }
    },
    end: () => {
      decide();
      flush();
    },
  };
}

function measure(rows: readonly (readonly string[])[]): readonly number[] {
  const columns = Math.max(...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) =>
    Math.min(maxWidth, Math.max(...rows.map((row) => Bun.stringWidth(row[column] ?? "")))),
  );
}

/** One line, its cells filled up to these widths. */
export function formatTableRow(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map(
    (cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - Bun.stringWidth(cell))),
  );
  return `${cells.join("  ").trimEnd()}\n`;
}
