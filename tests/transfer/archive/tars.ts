// Tar archives of the tests, also such as no tool would write.
import { writeFileSync } from "node:fs";
import { Header, type HeaderData } from "tar/header";
import { Pax } from "tar/pax";

/** An entry: its header, and its bytes. */
export interface RawEntry extends HeaderData {
  readonly text?: string;
  /** A header of pax before it. */
  readonly pax?: HeaderData;
  /** Applied to the bytes of the header, whose checksum is made right again. */
  readonly spoil?: (block: Buffer) => void;
}

/** Writes the archive. */
export function writeTar(path: string, entries: readonly RawEntry[], end = Buffer.alloc(1024)): void {
  writeFileSync(path, Buffer.concat([...entries.map(blocksOf), end]));
}

function blocksOf({ text = "", pax, spoil, ...data }: RawEntry): Buffer {
  const body = Buffer.from(text);
  const header = new Header({ mode: 0o644, mtime: new Date(0), type: "File", size: body.length, ...data });
  header.encode();
  const block = header.block ?? Buffer.alloc(512);
  spoil?.(block);
  block.write("        ", 148, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return Buffer.concat([...(pax === undefined ? [] : [new Pax(pax).encode()]), block, body, padding]);
}
