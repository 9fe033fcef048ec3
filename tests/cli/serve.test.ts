import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";

const main = join(import.meta.dir, "../../src/main.ts");

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
}

test.each(["SIGTERM", "SIGINT"] as const)("registry serve answers, and ends well on %s", async (signal) => {
  using directory = temporaryDirectory();
  const args = ["serve", "--http", "--addr", "127.0.0.1:0", "--data", directory.path, "--log-format", "json"];
  await using server = Bun.spawn([process.execPath, main, ...args], { env: {}, stdout: "pipe", stderr: "pipe" });
  const url = /listening on (http:\S+)/.exec(await firstLine(server.stdout))?.[1] ?? "";
  const answer = await fetch(`${url}/v2/`);
  server.kill(signal);
  const exitCode = await server.exited;
  const events = (await server.stderr.text()).trim().split("\n");
  expect([answer.status, exitCode, events.map((line) => JSON.parse(line).msg)]).toEqual([
    200,
    0,
    ["request", "stopping", "stopped"],
  ]);
});
