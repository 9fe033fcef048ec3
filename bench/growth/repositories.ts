// How cost grows with the number of repositories.
import type { Growth } from "../results.ts";
import { writeRepositories } from "../stores.ts";
import { asking, costMs, type Ground, linesOf, listing, onceMs, onStore, othersMeanwhile, read, rest } from "./cost.ts";

/** At the largest size. */
const aims: Readonly<Record<string, number>> = {
  "the first page of 100": 2,
  "a page near the end": 2,
  "the whole catalog": 500,
  "GET a manifest by tag": 0.2,
  "others meanwhile, p99": 20,
};

/** The catalog by its first page, by one near the end and whole, reading by tag, and what others see while the catalog is listed. */
export async function growByRepositories(ground: Ground): Promise<Growth> {
  const { bench } = ground;
  const sizes = bench.sizes.growth.repositories;
  const columns: Record<string, number>[] = [];
  for (const count of sizes) {
    bench.say(`growth: ${count} repositories`);
    columns.push(
      await onStore(
        ground,
        (directory) => writeRepositories(directory, count),
        async (server) => {
          const targets = Array.from(
            { length: 10 },
            (_, index) => `/v2/many/app${Math.floor((index * count) / 10)}/manifests/latest`,
          );
          const whole = `/v2/_catalog?n=${count}`;
          const others = { targets, work: async () => void (await read(server, whole)) };
          await rest();
          const first = await onceMs(server, whole);
          return {
            "the first page of 100": await costMs(ground, server, asking(bench, ["/v2/_catalog?n=100"], 1)),
            "a page near the end": await costMs(
              ground,
              server,
              asking(bench, ["/v2/_catalog?n=100&last=many/app99"], 1),
            ),
            "the whole catalog for the first time": first,
            "the whole catalog": await costMs(ground, server, listing(bench, whole)),
            "GET a manifest by tag": await costMs(ground, server, asking(bench, targets)),
            "others meanwhile, p99": (await othersMeanwhile(ground, server, others)).p99Ms,
          };
        },
      ),
    );
  }
  const title = "More and more repositories";
  return { id: "repositories", title, over: "repositories", unit: "ms", sizes, lines: linesOf(columns), aims };
}
