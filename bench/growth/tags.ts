// How cost grows with the number of tags in one repository.
import type { Growth } from "../results.ts";
import type { Server } from "../servers/server.ts";
import { median } from "../statistics.ts";
import { writeTags } from "../stores.ts";
import { asking, costMs, type Ground, linesOf, listing, onStore, othersMeanwhile, read } from "./cost.ts";

const repository = "bench/tags";
const deletions = 5;

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
          const others = { targets, work: async () => void (await read(server, list)) };
          return {
            "a page of 100 tags": await costMs(ground, server, asking(bench, [`${list}?n=100`], 1)),
            "all tags at once": await costMs(ground, server, listing(bench, list)),
            "GET a manifest by tag": await costMs(ground, server, asking(bench, targets)),
            "others meanwhile, p99": (await othersMeanwhile(ground, server, others)).p99Ms,
            "DELETE a manifest": await deleteManifests(server, tags),
          };
        },
      ),
    );
  }
  const title = "A repository of more and more tags";
  return { id: "tags", title, over: "tags in the repository", unit: "ms", sizes, lines: linesOf(columns) };
}

const tagTarget = (number: number) => `/v2/${repository}/manifests/v${number}`;

/** Each is of another hundred tags, as long as there are some. */
async function deleteManifests(server: Server, tags: number): Promise<number> {
  const hundreds = Math.min(deletions, Math.ceil(tags / 100));
  const times: number[] = [];
  for (let hundred = 0; hundred < hundreds; hundred += 1) {
    const accept = "application/vnd.oci.image.manifest.v1+json";
    const head = await fetch(server.url + tagTarget(hundred * 100), { method: "HEAD", headers: { accept } });
    const digest = head.headers.get("docker-content-digest") ?? "";
    const startedMs = performance.now();
    const answer = await fetch(`${server.url}/v2/${repository}/manifests/${digest}`, { method: "DELETE" });
    if (answer.status !== 202) throw new Error(`DELETE of a manifest: answered ${answer.status}`);
    times.push(performance.now() - startedMs);
  }
  return median(times);
}
