// Nodes on a bucket as a cache of another registry: what one has fetched, the others have, also when the other registry is
// gone.
import { expect, test } from "bun:test";
import { Client } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { makeImage, pushMade } from "../crash/made-image.ts";
import { startRegistry } from "../e2e/executable.ts";
import { digestOf } from "../e2e/image.ts";
import { requireGoProgram } from "../e2e/program.ts";
import { startVersityGateway } from "../storage/s3/engines.ts";
import { startNode } from "./cluster.ts";

test.skipIf(!requireGoProgram("versitygw"))(
  "what one node has fetched from another registry, all nodes have",
  async () => {
    await using engine = await startVersityGateway();
    await using upstream = await startRegistry({ args: ["--http"] });
    const image = makeImage({ layerBytes: 12_000_000 });
    await pushMade(new Client(upstream, new Expectations()), "team/app", { image, tag: "1", way: "put" });
    const env = { REGISTRY_PROXY_REMOTEURL: `http://127.0.0.1:${upstream.port}` };
    await using one = await startNode(engine, { env });
    await using other = await startNode(engine, { env });
    const blobs = [image.config, image.layer];
    const pull = async (node: typeof one) => {
      const manifest = await node.fetch("/v2/team/app/manifests/1");
      const answers = await Promise.all(blobs.map((bytes) => node.fetch(`/v2/team/app/blobs/${digestOf(bytes)}`)));
      const digests = await Promise.all(answers.map(async (answer) => digestOf(await answer.bytes())));
      return [manifest.status, digestOf(await manifest.bytes()), ...digests];
    };
    const want = [200, image.manifest.digest, ...blobs.map((bytes) => digestOf(bytes))];
    expect(await pull(one)).toEqual(want);
    expect(await pull(other)).toEqual(want);
    await upstream.stop();
    await using late = await startNode(engine, { env });
    expect(await pull(late)).toEqual(want);
  },
  120_000,
);
