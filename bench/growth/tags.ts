// How cost grows with the number of tags in one repository.
import type { Growth } from "../results.ts";
import type { Server } from "../servers/server.ts";
import { median } from "../statistics.ts";
import { writeTags } from "../stores.ts";
import { asking, costMs, type Ground, linesOf, listing, onceMs, onStore, othersMeanwhile, read, rest } from "./cost.ts";

const repository = "bench/tags";
const deletions = 5;
/** So that enough manifests are left to be deleted beside others. */
const leastForMany = 1000;
/** At the largest size. */
const aims: Readonly<Record<string, number>> = {
  "a page of 100 tags": 2,
  "all tags at once": 100,
  "GET a manifest by tag": 0.2,
  "others while all are listed, p99": 20,
  "DELETE a manifest": 20,
  "others while manifests are deleted, p99": 20,
};

/** Listing, reading by tag, deleting a manifest (which has to find its tags), and what others see while tags are listed. */
export async function growByTags(ground: Ground): Promise<Growth> {
  const { bench } = ground;
  const sizes = bench.sizes.growth.tags;
  const columns: Record<string, number>[] = [];
  for (const tags of sizes) {
    bench.say(`growth: ${tags} tags in a repository`);
    columns.push(
      await onStore(
        ground,
        (directory) => writeTags(directory, { repository, tags }),
        async (server) => {
          const targets = Array.from({ length: 10 }, (_, index) => tagTarget(Math.floor((index * tags) / 10)));
          const list = `/v2/${repository}/tags/list`;
          const meanwhile = async (work: () => Promise<void>, asked = targets) =>
            (await othersMeanwhile(ground, server, { targets: asked, work })).p99Ms;
          const left = tagTarget(tags - 1);
          await rest();
          const first = await onceMs(server, list);
          return {
            "a page of 100 tags": await costMs(ground, server, asking(bench, [`${list}?n=100`], 1)),
            "a page of 100 tags right after a push": await afterPush(server, { tag: "page", target: `${list}?n=100` }),
            "all tags right after a push": await afterPush(server, { tag: "whole", target: list }),
            "all tags for the first time": first,
            "all tags at once": await rest().then(() => costMs(ground, server, listing(bench, list))),
            "GET a manifest by tag": await costMs(ground, server, asking(bench, targets)),
            "others while all are listed, p99": await meanwhile(async () => void (await read(server, list))),
            "DELETE a manifest": await deleteManifests(server, tags),
            ...(tags < leastForMany
              ? {}
              : { "others while manifests are deleted, p99": await meanwhile(deletingMany(server, tags), [left]) }),
          };
        },
      ),
    );
  }
  const title = "A repository of more and more tags";
  return { id: "tags", title, over: "tags in the repository", unit: "ms", sizes, lines: linesOf(columns), aims };
}

const tagTarget = (number: number) => `/v2/${repository}/manifests/v${number}`;

const accept = "application/vnd.oci.image.manifest.v1+json";

/** A list that is asked for when a tag has come: what was remembered of the names is not true any more. */
async function afterPush(
  server: Server,
  { tag, target: list }: { readonly tag: string; readonly target: string },
): Promise<number> {
  const times: number[] = [];
  for (let number = 0; number < deletions; number += 1) {
    const manifest = await (await fetch(server.url + tagTarget(0), { headers: { accept } })).text();
    const target = `${server.url}/v2/${repository}/manifests/${tag}${number}`;
    const answer = await fetch(target, { method: "PUT", body: manifest, headers: { "content-type": accept } });
    if (answer.status !== 201) throw new Error(`PUT of a manifest: answered ${answer.status}`);
    times.push(await onceMs(server, list));
  }
  return median(times);
}

/** Each is of another hundred tags, as long as there are some. */
async function deleteManifests(server: Server, tags: number): Promise<number> {
  const times: number[] = [];
  for (let hundred = 0; hundred < Math.min(deletions, Math.ceil(tags / 100)); hundred += 1) {
    times.push(await deleteHundred(server, hundred));
  }
  return median(times);
}

/** Goes on with those that are left but for the last one, one with each call. */
function deletingMany(server: Server, tags: number): () => Promise<void> {
  let hundred = deletions;
  return async () => {
    if (hundred * 100 < tags - 100) await deleteHundred(server, hundred);
    else await Bun.sleep(1);
    hundred += 1;
  };
}

async function deleteHundred(server: Server, hundred: number): Promise<number> {
  const head = await fetch(server.url + tagTarget(hundred * 100), { method: "HEAD", headers: { accept } });
  const digest = head.headers.get("docker-content-digest") ?? "";
  const startedMs = performance.now();
  const answer = await fetch(`${server.url}/v2/${repository}/manifests/${digest}`, { method: "DELETE" });
  if (answer.status !== 202) throw new Error(`DELETE of a manifest: answered ${answer.status}`);
  return performance.now() - startedMs;
}
