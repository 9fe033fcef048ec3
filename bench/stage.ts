// What every piece of work is given, and the servers that it puts load on.
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Load } from "./load.ts";
import { RowInWork, type RowName } from "./measure.ts";
import type { Place } from "./places.ts";
import { memoryMiB } from "./process-tree.ts";
import type { Row } from "./results.ts";
import type { Peer } from "./servers/peers.ts";
import { type Certificate, type Server, startServers } from "./servers/server.ts";
import type { Sizes } from "./sizes.ts";

/** One run of the benchmark. */
export interface Bench {
  readonly load: Load;
  /** All that are there; ours comes first. */
  readonly peers: readonly Peer[];
  readonly certificate: Certificate;
  readonly sizes: Sizes;
  readonly workers: number | undefined;
  /** Says on standard error what is going on. */
  readonly say: (line: string) => void;
}

/** Where servers run, and how they are spoken to. */
export interface Setting {
  readonly place: Place;
  readonly isTls: boolean;
}

/** Servers of one setting, and the rows that are measured with them. */
export class Stage implements AsyncDisposable {
  readonly bench: Bench;
  readonly servers: readonly Server[];
  readonly #setting: Setting;
  readonly #stop: AsyncDisposable;
  readonly #rows: RowInWork[] = [];

  private constructor(bench: Bench, started: { servers: readonly Server[] } & AsyncDisposable, setting: Setting) {
    this.bench = bench;
    this.servers = started.servers;
    this.#setting = setting;
    this.#stop = started;
  }

  /** Starts these registries there. */
  static async start(bench: Bench, setting: Setting, peers: readonly Peer[] = peersOf(bench)): Promise<Stage> {
    const certificate = setting.isTls ? bench.certificate : undefined;
    const options = { place: setting.place.path, certificate, workers: bench.workers };
    return new Stage(bench, await startServers(peers, options), setting);
  }

  /** A new row; the setting is added to its name. */
  addRow(name: RowName): RowInWork {
    const { place, isTls } = this.#setting;
    const setting = `${place.name}${isTls ? ", TLS" : ""}`;
    const row = new RowInWork({ ...name, id: `${name.id}@${setting}`, work: `${name.work} (${setting})` });
    this.#rows.push(row);
    this.bench.say(`${name.work} (${setting})`);
    return row;
  }

  /** Adds a row with the most memory that each server has held so far. */
  closeWithMemory(id: string, work: string): void {
    const row = this.addRow({ id: `memory-${id}`, work: `peak memory: ${work}`, unit: "MiB" });
    for (const { kind, pid } of this.servers) row.add(kind, { value: memoryMiB(pid, "peak") });
  }

  /** All that was measured. */
  get rows(): readonly Row[] {
    return this.#rows.map(({ row }) => row);
  }

  /** Takes large files away, which would fill memory; what is measured afterwards is other content. */
  dropLarge(): void {
    for (const { directory } of this.servers) dropLargeFiles(directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop[Symbol.asyncDispose]();
  }
}

const largeFileBytes = 8_000_000;

/** Ours as shipped, and the peers. */
export function peersOf(bench: Bench): readonly Peer[] {
  return bench.peers.filter(({ kind }) => kind !== "undurable");
}

/** Those whose storage is laid out as distribution's: a store can be written for them without them. */
export function sharingLayout(peers: readonly Peer[]): readonly Peer[] {
  return peers.filter(({ kind }) => kind !== "zot" && kind !== "angos");
}

/** Removes large files below a directory that servers may still change. */
export function dropLargeFiles(directory: string): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const path = join(directory, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() === true && stat.size >= largeFileBytes) rmSync(path, { force: true });
  }
}
