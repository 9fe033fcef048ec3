// Damage to the tree of links, as the built executable meets it: `registry gc` tells of it and destroys nothing that
// `registry verify --repair` can still repair, however often it runs.
import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { plainArgs } from "../crash/killed-run.ts";
import { type MadeImage, makeImage, makeIndex, pushMade } from "../crash/made-image.ts";
import { findDifferences } from "../crash/outcome.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { digestOf } from "../e2e/image.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { findingsOf, runOn } from "./run-command.ts";

interface Parts {
  /** The directory of the repository. */
  readonly place: string;
  readonly image: MadeImage;
  readonly child: MadeImage;
}

const hexOf = (digest: string) => digest.slice("sha256:".length);
const revision = ({ place }: Parts, { manifest }: MadeImage) =>
  join(place, "_manifests/revisions/sha256", hexOf(manifest.digest));

/** What somebody or something took away, and how a person puts back what no repair can know. */
interface Damage {
  readonly what: string;
  readonly take: (parts: Parts) => void;
  readonly putBack?: (parts: Parts) => void;
}

const away = (path: string) => renameSync(path, `${path}-away`);
const back = (path: string) => {
  rmSync(path, { recursive: true, force: true });
  renameSync(`${path}-away`, path);
};
/** Something else in the place of a directory, which lies outside of the store meanwhile. */
function replaced(what: string, of: (parts: Parts) => string, put: (path: string) => void): Damage {
  const outside = (parts: Parts) => join(parts.place, "../../../../../..", "outside");
  return {
    what,
    take: (parts) => {
      renameSync(of(parts), outside(parts));
      put(of(parts));
    },
    putBack: (parts) => {
      rmSync(of(parts));
      renameSync(outside(parts), of(parts));
    },
  };
}

const dangling = (path: string) => symlinkSync("/nowhere/at/all", path);
const file = (path: string) => writeFileSync(path, "");

const damages: readonly Damage[] = [
  { what: "the revision link of a tag is gone", take: (parts) => rmSync(join(revision(parts, parts.image), "link")) },
  {
    what: "the whole revision of a tag is gone",
    take: (parts) => rmSync(revision(parts, parts.image), { recursive: true }),
  },
  {
    what: "the revision link of an index's child is gone",
    take: (parts) => rmSync(join(revision(parts, parts.child), "link")),
  },
  {
    what: "the link of a layer is gone",
    take: ({ place, image }) =>
      rmSync(join(place, "_layers/sha256", hexOf(digestOf(image.layer))), { recursive: true }),
  },
  {
    what: "a child is not linked, nor is its layer",
    take: (parts) => {
      rmSync(revision(parts, parts.child), { recursive: true });
      rmSync(join(parts.place, "_layers/sha256", hexOf(digestOf(parts.child.layer))), { recursive: true });
    },
  },
  {
    what: "a link is a link to nothing",
    take: (parts) => {
      away(join(revision(parts, parts.image), "link"));
      dangling(join(revision(parts, parts.image), "link"));
    },
    putBack: (parts) => back(join(revision(parts, parts.image), "link")),
  },
  replaced("_manifests is a link to nothing", ({ place }) => join(place, "_manifests"), dangling),
  replaced("_manifests is a file", ({ place }) => join(place, "_manifests"), file),
  replaced("_layers is a link to nothing", ({ place }) => join(place, "_layers"), dangling),
  replaced("the revisions are a file", ({ place }) => join(place, "_manifests/revisions"), file),
  replaced("the tags are a link to nothing", ({ place }) => join(place, "_manifests/tags"), dangling),
  replaced("the repository is a file", ({ place }) => place, file),
];

describe.each(damages)("$what", ({ take, putBack }) => {
  test("collections destroy nothing; a repair, or the directory put back, makes it whole", async () => {
    using directory = temporaryDirectory();
    const data = join(directory.path, "data");
    mkdirSync(data);
    const seen = new Expectations();
    const [image, child] = [makeImage(), makeImage()];
    const parts = { place: join(data, "docker/registry/v2/repositories/team/app"), image, child };
    await using registry = await startRegistry({ data, args: plainArgs });
    const client = new Client(registry, seen);
    await pushMade(client, "team/app", { image, tag: "1" });
    await pushMade(client, "team/app", { image: child });
    await client.pushManifest("team/app", makeIndex([child.manifest]), "multi");
    await pushMade(client, "whole", { image: makeImage(), tag: "1" });
    take(parts);
    expect((await runOn(data, "verify")).code).toBeGreaterThan(0);
    for (let run = 1; run <= 3; run += 1) {
      const ended = await runOn(data, "gc", "--grace", "0s", "--delete-untagged");
      expect([ended.code, findingsOf(ended).length > 0]).toEqual([1, true]);
    }
    if (putBack !== undefined) putBack(parts);
    else expect(await runOn(data, "verify", "--repair")).toMatchObject({ code: 0 });
    expect(await runOn(data, "verify")).toMatchObject({ code: 0 });
    expect(await findDifferences(registry, seen)).toEqual([]);
    expect(await runOn(data, "gc", "--grace", "0s")).toMatchObject({ code: 0, summary: { findings: 0 } });
  });
});

test("a child of an index whose layer is lost is lost, also when its link can be repaired", async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  const child = makeImage();
  await using registry = await startRegistry({ data, args: plainArgs });
  const client = new Client(registry, new Expectations());
  await pushMade(client, "team/app", { image: child });
  await client.pushManifest("team/app", makeIndex([child.manifest]), "multi");
  const place = join(data, "docker/registry/v2/repositories/team/app");
  rmSync(revision({ place, image: child, child }, child), { recursive: true });
  const hex = hexOf(digestOf(child.layer));
  rmSync(join(place, "_layers/sha256", hex), { recursive: true });
  rmSync(join(data, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex), { recursive: true });
  expect((await runOn(data, "verify", "--repair")).code).toBe(2);
});

const loops: readonly (readonly [string, (repositories: string) => void])[] = [
  ["to itself", (repositories) => symlinkSync("loop", join(repositories, "loop"))],
  ["to the directory above it", (repositories) => symlinkSync("..", join(repositories, "team/loop"))],
  ["to the repository that it lies in", (repositories) => symlinkSync(".", join(repositories, "team/app/loop"))],
];

test.each(loops)("a symbolic link %s costs one finding, and nothing else", async (_what, link) => {
  using directory = temporaryDirectory();
  const data = directory.path;
  await using registry = await startRegistry({ data, args: plainArgs });
  const seen = new Expectations();
  await pushMade(new Client(registry, seen), "team/app", { image: makeImage(), tag: "1" });
  await pushMade(new Client(registry, new Expectations()), "gone", { image: makeImage(), tag: "1" });
  await deleteImage(registry, "gone");
  link(join(data, "docker/registry/v2/repositories"));
  const catalog = await registry.fetch("/v2/_catalog");
  expect([catalog.status, await catalog.json()]).toEqual([200, { repositories: ["team/app"] }]);
  const verified = await runOn(data, "verify");
  expect([verified.code, findingsOf(verified)]).toEqual([1, [expect.stringContaining("leads back to itself")]]);
  const first = await runOn(data, "gc", "--grace", "0s");
  expect([first.code, findingsOf(first)]).toEqual([1, [expect.stringContaining("leads back to itself")]]);
  expect((await runOn(data, "gc", "--grace", "0s")).summary).toMatchObject({ purged: 3, findings: 1 });
  expect(await findDifferences(registry, seen)).toEqual([]);
});

async function deleteImage(registry: StartedRegistry, name: string): Promise<void> {
  const { headers } = await registry.fetch(`/v2/${name}/manifests/1`);
  const digest = headers.get("docker-content-digest") ?? "";
  expect((await registry.fetch(`/v2/${name}/manifests/${digest}`, { method: "DELETE" })).status).toBe(202);
}
