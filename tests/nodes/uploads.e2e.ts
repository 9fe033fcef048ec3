// What a whole node holds in memory while fifty clients push at once: so much, however large their blobs are.
import { expect, test } from "bun:test";
import { anonymousBytes, canReadMemory } from "../e2e/process-memory.ts";
import { requireGoProgram } from "../e2e/program.ts";
import { startVersityGateway } from "../storage/s3/engines.ts";
import { startNode } from "./cluster.ts";

const clients = 50;
const mebibyte = 1024 ** 2;
/** UPLOAD_MEBIBYTES=200 takes ten gigabytes of disk. */
const sizeMebibytes = Number(process.env.UPLOAD_MEBIBYTES ?? 16);
const limitMebibytes = 1000;

test.skipIf(!requireGoProgram("versitygw") || !canReadMemory())(
  "fifty pushes at once take the memory that a node has for parts, and what is on its way",
  async () => {
    await using engine = await startVersityGateway();
    await using node = await startNode(engine);
    const idleBytes = anonymousBytes(node.pid);
    let mostBytes = idleBytes;
    const timer = setInterval(() => {
      mostBytes = Math.max(mostBytes, anonymousBytes(node.pid));
    }, 50);
    const startedMs = performance.now();
    const statuses = await Promise.all(Array.from({ length: clients }, (_, client) => push(node, client)));
    clearInterval(timer);
    const grownMebibytes = Math.round((mostBytes - idleBytes) / mebibyte);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`${clients} pushes of ${sizeMebibytes} MiB: ${grownMebibytes} MiB more than before, ${seconds} s`);
    expect([new Set(statuses), grownMebibytes < limitMebibytes]).toEqual([new Set([201]), true]);
  },
  1_800_000,
);

/** As docker does it: a session, the bytes, the end. */
async function push({ fetch: ask }: Awaited<ReturnType<typeof startNode>>, client: number): Promise<number> {
  const piece = new Uint8Array(mebibyte).fill(client);
  const hash = new Bun.CryptoHasher("sha256");
  let left = sizeMebibytes;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      left -= 1;
      if (left < 0) return controller.close();
      hash.update(piece);
      controller.enqueue(piece);
    },
  });
  const begun = await ask("/v2/team/app/blobs/uploads/", { method: "POST" });
  const sent = await ask(begun.headers.get("location") ?? "", { method: "PATCH", body });
  const location = sent.headers.get("location") ?? "";
  const digest = `sha256:${hash.digest("hex")}`;
  const ended = await ask(`${location}${location.includes("?") ? "&" : "?"}digest=${digest}`, { method: "PUT" });
  return ended.status;
}
