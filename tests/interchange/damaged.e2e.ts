// Directories that a crash, a full disk, a person or another program left damaged or half-written: the registry starts
// on them, only what is damaged is hurt, and a push heals it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Client } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { plainArgs } from "../crash/killed-run.ts";
import { type MadeImage, makeBytes, makeImage, pushMade } from "../crash/made-image.ts";
import { findDifferences } from "../crash/outcome.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { digestOf, sessionOf, withDigest } from "../e2e/image.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Where the parts of an image lie, below `docker/registry/v2`. */
interface Place {
  readonly repository: string;
  readonly revision: string;
  readonly tag: string;
  readonly layerLink: string;
  readonly layerBlob: string;
  readonly manifestBlob: string;
}

function placeOf(name: string, image: MadeImage): Place {
  const [digest, layer] = [image.manifest.digest, digestOf(image.layer)];
  const repository = `repositories/${name}`;
  const blobOf = (of: string) => `blobs/sha256/${of.slice(7, 9)}/${of.slice(7)}/data`;
  return {
    repository,
    revision: `${repository}/_manifests/revisions/${digest.replace(":", "/")}`,
    tag: `${repository}/_manifests/tags/1`,
    layerLink: `${repository}/_layers/${layer.replace(":", "/")}/link`,
    layerBlob: blobOf(layer),
    manifestBlob: blobOf(digest),
  };
}

/** What the image shows: statuses of its tag, its manifest by digest and its layer, and the tags that are listed. */
interface Shown {
  readonly tag: number;
  readonly manifest: number;
  readonly layer: number;
  readonly tags: readonly string[];
}

const untouched: Shown = { tag: 200, manifest: 200, layer: 200, tags: ["1"] };

type Make = (root: string, place: Place) => void;

interface Damage {
  readonly title: string;
  readonly make: Make;
  readonly shown: Shown;
}

type PathIn = (place: Place) => string;

function write(pathIn: PathIn, content: string): Make {
  return (root, place) => {
    const path = join(root, pathIn(place));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
}

function remove(pathIn: PathIn): Make {
  return (root, place) => rmSync(join(root, pathIn(place)), { recursive: true });
}

function empty(pathIn: PathIn): Make {
  return (root, place) => truncateSync(join(root, pathIn(place)), 0);
}

const layerLink: PathIn = (place) => place.layerLink;
const revisionLink: PathIn = (place) => `${place.revision}/link`;
const tagLink: PathIn = (place) => `${place.tag}/current/link`;
const layerBlob: PathIn = (place) => place.layerBlob;
const manifestBlob: PathIn = (place) => place.manifestBlob;

const noTag = { ...untouched, tag: 404 };
const unlisted = { ...noTag, tags: [] };
const noManifest = { ...noTag, manifest: 404 };
const noLayer = { ...untouched, layer: 404 };
const elsewhere = digestOf(makeBytes(10));

const hurting: readonly Damage[] = [
  { title: "an empty layer link", make: empty(layerLink), shown: noLayer },
  { title: "an empty revision link", make: empty(revisionLink), shown: noManifest },
  { title: "an empty tag link", make: empty(tagLink), shown: unlisted },
  { title: "a layer link of nonsense", make: write(layerLink, "nonsense"), shown: noLayer },
  { title: "a layer link to another blob", make: write(layerLink, elsewhere), shown: noLayer },
  { title: "a tag link to nothing", make: write(tagLink, elsewhere), shown: noTag },
  { title: "a huge layer link", make: write(layerLink, elsewhere.padEnd(2_000_000)), shown: noLayer },
  { title: "a blob of no bytes", make: empty(layerBlob), shown: noLayer },
  { title: "a blob without data", make: remove(layerBlob), shown: noLayer },
  { title: "a manifest of no bytes", make: empty(manifestBlob), shown: noManifest },
  { title: "a manifest without data", make: remove(manifestBlob), shown: noManifest },
  { title: "a manifest of other bytes", make: write(manifestBlob, "{}"), shown: noManifest },
  { title: "a layer directory without link", make: remove(layerLink), shown: noLayer },
  { title: "a revision directory without link", make: remove(revisionLink), shown: noManifest },
  { title: "a tag without current", make: remove(({ tag }) => `${tag}/current`), shown: unlisted },
  { title: "an empty current directory", make: remove(tagLink), shown: unlisted },
  { title: "no _layers", make: remove(({ repository }) => `${repository}/_layers`), shown: noLayer },
];

/** What other programs, people and crashes leave, and what hurts nothing. */
const strange: readonly { readonly title: string; readonly make: Make }[] = [
  ...Object.entries({ layer: layerLink, revision: revisionLink, tag: tagLink }).map(([title, pathIn]) => ({
    title: `a newline at the end of a ${title} link`,
    make: (root: string, place: Place) => appendFileSync(join(root, pathIn(place)), "\n"),
  })),
  ...Object.entries({ layerLink, revisionLink, tagLink, layerBlob, manifestBlob }).map(([title, pathIn]) => ({
    title: `a stray temporary file beside a ${title}`,
    make: write((place) => `${pathIn(place)}.d5a8e3a2-0c3e-4a8e-8a55-0f8a1ba6cf2b.tmp`, ""),
  })),
  ...["_x", ".x", "X Y", "-"].flatMap((stranger) => [
    { title: `${stranger} beside repositories`, make: write(() => `repositories/${stranger}/file`, "") },
    { title: `${stranger} in a repository`, make: write(({ repository }) => `${repository}/${stranger}/file`, "") },
    {
      title: `${stranger} among revisions`,
      make: write(({ repository }) => `${repository}/_manifests/revisions/${stranger}/file`, ""),
    },
    {
      title: `${stranger} among layers`,
      make: write(({ repository }) => `${repository}/_layers/${stranger}/file`, ""),
    },
    { title: `${stranger} among blobs`, make: write(() => `blobs/${stranger}/file`, "") },
    { title: `${stranger} in the root`, make: write(() => `../../../${stranger}/file`, "") },
  ]),
  { title: "a tag without index", make: remove(({ tag }) => `${tag}/index`) },
  { title: "blobs of another algorithm", make: write(() => "blobs/sha384/aa/aabb/data", "x") },
  {
    title: "signatures of an old registry",
    make: write(({ revision }) => `${revision}/signatures/${elsewhere.replace(":", "/")}/link`, elsewhere),
  },
  { title: "a file among repositories", make: write(() => "repositories/file", "") },
  { title: "a file among tags", make: write(({ tag }) => `${tag}/../file`, "") },
  { title: "a file among revisions", make: write(({ revision }) => `${revision}/../file`, "") },
  { title: "a file among algorithms", make: write(({ revision }) => `${revision}/../../file`, "") },
  { title: "a tag of an impossible name", make: write(({ tag }) => `${tag}/../-x/current/link`, elsewhere) },
  { title: "a broken scheduler-state.json", make: write(() => "../../../scheduler-state.json", "{") },
];

const damages: readonly Damage[] = [...hurting, ...strange.map((damage) => ({ ...damage, shown: untouched }))];

async function show(registry: StartedRegistry, name: string, image: MadeImage): Promise<Shown> {
  const status = async (path: string) => {
    const answer = await registry.fetch(`/v2/${name}/${path}`);
    await answer.bytes();
    return answer.status;
  };
  const list = (await (await registry.fetch(`/v2/${name}/tags/list`)).json()) as { tags: string[] };
  return {
    tag: await status("manifests/1"),
    manifest: await status(`manifests/${image.manifest.digest}`),
    layer: await status(`blobs/${digestOf(image.layer)}`),
    tags: list.tags,
  };
}

describe("one directory with all of it", () => {
  const directory = temporaryDirectory();
  const data = directory.path;
  const images = damages.map((damage, index) => ({ ...damage, name: `hurt/n${index}`, image: makeImage() }));
  const whole = new Expectations();
  let registry: StartedRegistry;

  beforeAll(async () => {
    {
      await using before = await startRegistry({ data, args: plainArgs });
      for (const { name, image } of images) {
        await pushMade(new Client(before, new Expectations()), name, { image, tag: "1" });
      }
      await pushMade(new Client(before, whole), "whole", { image: makeImage(), tag: "1" });
      await before.stop();
    }
    for (const { make, name, image } of images) make(join(data, "docker/registry/v2"), placeOf(name, image));
    registry = await startRegistry({ data, args: plainArgs });
  });

  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  test.each(images)("$title hurts only what is damaged, and a push heals it", async ({ name, image, shown }) => {
    const { digest } = image.manifest;
    expect(await show(registry, name, image)).toEqual(shown);
    expect((await registry.fetch(`/v2/${name}/referrers/${digest}`)).status).toBe(200);
    const healed = new Expectations();
    const client = new Client(registry, healed);
    await pushMade(client, name, { image, tag: "1" });
    expect(await findDifferences(registry, healed)).toEqual([]);
    await client.deleteManifest(name, digest);
    for (const blob of [image.config, image.layer]) await client.deleteBlob(name, digestOf(blob));
    expect(await findDifferences(registry, healed)).toEqual([]);
    await pushMade(client, name, { image, tag: "1" });
    expect(await findDifferences(registry, healed)).toEqual([]);
  });

  test("what is whole is served, every repository is listed, and nothing is an error of ours", async () => {
    expect(await findDifferences(registry, whole)).toEqual([]);
    const catalog = (await (await registry.fetch("/v2/_catalog?n=1000")).json()) as { repositories: string[] };
    expect(catalog.repositories.toSorted()).toEqual([...images.map(({ name }) => name), "whole"].toSorted());
    expect(registry.stderr()).toBe("");
  });
});

describe("a directory with", () => {
  const name = "hurt/app";

  test.each([
    ["no startedat", (session: string) => rmSync(join(session, "startedat"))],
    [
      "hash states of another registry",
      (session: string) => mkdirSync(join(session, "hashstates/sha256/0"), { recursive: true }),
    ],
    ["an unreadable startedat", (session: string) => writeFileSync(join(session, "startedat"), "yesterday")],
  ])("an upload with %s goes on", async (_title, make) => {
    using directory = temporaryDirectory();
    const bytes = makeBytes(5000);
    let location = "";
    {
      await using registry = await startRegistry({ data: directory.path, args: plainArgs });
      location = await new Client(registry, new Expectations()).beginUpload(name, bytes);
      await registry.fetch(location, { method: "PATCH", body: bytes.slice(0, 2000) });
      await registry.stop();
    }
    const id = sessionOf(location);
    const session = join(directory.path, "docker/registry/v2", `repositories/${name}`, "_uploads", id);
    make(session);
    await using registry = await startRegistry({ data: directory.path, args: plainArgs });
    const end = withDigest(location, digestOf(bytes));
    expect((await registry.fetch(end, { method: "PUT", body: bytes.slice(2000) })).status).toBe(201);
    expect(digestOf(await (await registry.fetch(`/v2/${name}/blobs/${digestOf(bytes)}`)).bytes())).toBe(
      digestOf(bytes),
    );
    expect(statSync(session, { throwIfNoEntry: false })).toBeUndefined();
    expect(registry.stderr()).toBe("");
  });

  test("an upload without its data has no session, and can be begun again", async () => {
    using directory = temporaryDirectory();
    const bytes = makeBytes(100);
    await using registry = await startRegistry({ data: directory.path, args: plainArgs });
    const client = new Client(registry, new Expectations());
    const location = await client.beginUpload(name, bytes);
    rmSync(join(directory.path, "docker/registry/v2", `repositories/${name}`, "_uploads", sessionOf(location), "data"));
    const statuses = [
      (await registry.fetch(location)).status,
      (await registry.fetch(location, { method: "PATCH", body: bytes })).status,
      (await registry.fetch(withDigest(location, digestOf(bytes)), { method: "PUT", body: bytes })).status,
    ];
    expect(statuses).toEqual([404, 404, 404]);
    await client.pushBlob(name, bytes, "put");
    expect(registry.stderr()).toBe("");
  });
});
