// Small requests: blobs of 64 KiB and manifests by tag and digest, and HEADs, at 1, 16 and 256 connections.
import type { Described, Job } from "../load.ts";
import { prepare, takeTurns } from "../measure.ts";
import type { Row } from "../results.ts";
import { type Bench, type Setting, Stage } from "../stage.ts";

/** So many different ones are asked for, so that no server answers from one place. */
const images = 64;

const blobSizes = [1024, 64 * 1024];

/** What the targets are made of. */
export const stored: Job = {
  kind: "pushImages",
  connections: 4,
  count: images,
  repository: "bench/small",
  seed: "small",
  blobSizes,
};

interface Question {
  readonly id: string;
  readonly work: string;
  readonly method: "GET" | "HEAD";
  readonly connections: readonly number[];
  readonly targetOf: (image: Described) => string;
}

const blobOf = ({ repository, blobs }: Described) => `/v2/${repository}/blobs/${blobs[1]}`;

/** The manifest's address by tag. */
export const tagOf = ({ repository, tag }: Described) => `/v2/${repository}/manifests/${tag}`;

const digestOf = ({ repository, digest }: Described) => `/v2/${repository}/manifests/${digest}`;

const many = [1, 16, 256];

const questions: readonly Question[] = [
  { id: "blob", work: "GET a blob of 64 KiB", method: "GET", connections: many, targetOf: blobOf },
  { id: "tag", work: "GET a manifest by tag", method: "GET", connections: many, targetOf: tagOf },
  { id: "digest", work: "GET a manifest by digest", method: "GET", connections: many, targetOf: digestOf },
  { id: "head-blob", work: "HEAD a blob", method: "HEAD", connections: [16], targetOf: blobOf },
  { id: "head-tag", work: "HEAD a manifest by tag", method: "HEAD", connections: [16], targetOf: tagOf },
];

/** All of them; over TLS blobs and tags at 16 connections only. */
export async function measureSmall(bench: Bench, setting: Setting): Promise<readonly Row[]> {
  await using stage = await Stage.start(bench, setting);
  await prepare(bench.load, stage.servers, stored);
  const described = await bench.load.describeImages(stored);
  const asked = setting.isTls
    ? questions.slice(0, 2).map((question) => ({ ...question, connections: [16] }))
    : questions;
  for (const question of asked) await ask(stage, question, described.map(question.targetOf));
  stage.closeWithMemory("small", "small requests");
  return stage.rows;
}

async function ask(stage: Stage, question: Question, targets: readonly string[]): Promise<void> {
  const { load, sizes } = stage.bench;
  for (const connections of question.connections) {
    const row = stage.addRow({
      id: `${question.id}-${connections}`,
      work: `${question.work}, ${connections} ${connections === 1 ? "connection" : "connections"}`,
      unit: "ms",
    });
    const job: Job = { kind: "requests", method: question.method, connections, targets, forMs: sizes.forMs };
    for (let round = 0; round <= sizes.rounds; round += 1)
      await takeTurns(load, row, { servers: stage.servers, round, jobOf: () => job });
  }
}
