// What is interrupted at each of its calls: a state that stands before, what is done then, and what is pushed again.
import { digestOf } from "../e2e/image.ts";
import type { Client } from "./client.ts";
import type { TagName } from "./expectations.ts";
import { makeBytes, makeImage, makeIndex, pushMade } from "./made-image.ts";

/** One thing that clients do. */
export interface Scenario {
  readonly title: string;
  /** Acknowledged before. */
  before(client: Client): Promise<void>;
  /** What is interrupted. */
  act(client: Client): Promise<void>;
  /** Beside kills after changes: kills at opens and writes, which are the same in all pushes; power cuts. */
  readonly also: readonly ("writes" | "power")[];
  /** Names that come and go at once, such as the tags of a manifest that is deleted. */
  readonly together?: readonly TagName[];
  /** What the client does when the registry is back; all of it has to succeed. */
  again(client: Client): Promise<void>;
}

const name = "team/app";
const nothing = async () => undefined;

function pushIntoNothing(way: "put" | "chunks"): Scenario {
  const image = makeImage();
  const push = (client: Client) => pushMade(client, name, { image, tag: "1", way });
  return {
    title: `a first push (${way})`,
    also: way === "put" ? ["writes", "power"] : ["writes"],
    before: nothing,
    act: push,
    again: push,
  };
}

function moveTag(): Scenario {
  const [old, next] = [makeImage(), makeImage()];
  return {
    title: "a tag that moves to another image",
    also: ["writes", "power"],
    before: async (client) => {
      await pushMade(client, name, { image: old, tag: "latest" });
      for (const blob of [next.config, next.layer]) await client.pushBlob(name, blob);
    },
    act: (client) => client.pushManifest(name, next.manifest, "latest"),
    again: (client) => client.pushManifest(name, next.manifest, "latest"),
  };
}

function moveTagBack(): Scenario {
  const [old, next] = [makeImage(), makeImage()];
  return {
    title: "a tag that moves back to an image that is there",
    also: [],
    before: async (client) => {
      await pushMade(client, name, { image: old, tag: "latest" });
      await pushMade(client, name, { image: next, tag: "latest" });
    },
    act: (client) => client.pushManifest(name, old.manifest, "latest"),
    again: (client) => client.pushManifest(name, old.manifest, "latest"),
  };
}

function pushIndex(): Scenario {
  const children = [makeImage(), makeImage()];
  const index = makeIndex(children.map(({ manifest }) => manifest));
  const push = async (client: Client) => {
    for (const { manifest } of children) await client.pushManifest(name, manifest);
    await client.pushManifest(name, index, "multi");
  };
  return {
    title: "an index with its images",
    also: ["power"],
    before: async (client) => {
      for (const { config, layer } of children) for (const blob of [config, layer]) await client.pushBlob(name, blob);
    },
    act: push,
    again: push,
  };
}

function pushArtifact(): Scenario {
  const image = makeImage();
  const artifact = makeImage({ subject: image.manifest });
  return {
    title: "an artifact with a subject",
    also: [],
    before: async (client) => {
      await pushMade(client, name, { image, tag: "1" });
      for (const blob of [artifact.config, artifact.layer]) await client.pushBlob(name, blob);
    },
    act: (client) => client.pushManifest(name, artifact.manifest),
    again: (client) => client.pushManifest(name, artifact.manifest),
  };
}

function deleteSome(): Scenario {
  const [kept, gone] = [makeImage(), makeImage()];
  const artifact = makeImage({ subject: gone.manifest });
  const unused = makeBytes(500);
  return {
    title: "deletes of a tag, a manifest with two tags, an artifact and a blob",
    also: ["power"],
    together: [`${name}:1`, `${name}:2`],
    before: async (client) => {
      await pushMade(client, name, { image: kept, tag: "kept" });
      await client.pushManifest(name, kept.manifest, "also");
      await pushMade(client, name, { image: gone, tag: "1" });
      await client.pushManifest(name, gone.manifest, "2");
      await pushMade(client, name, { image: artifact });
      await client.pushBlob(name, unused);
    },
    act: async (client) => {
      await client.deleteTag(name, "also");
      await client.deleteManifest(name, gone.manifest.digest);
      await client.deleteManifest(name, artifact.manifest.digest);
      await client.deleteBlob(name, digestOf(unused));
    },
    again: async (client) => {
      await client.pushManifest(name, kept.manifest, "also");
      await pushMade(client, name, { image: gone, tag: "1" });
      await pushMade(client, name, { image: artifact });
      await client.pushBlob(name, unused);
    },
  };
}

function deleteLast(): Scenario {
  const image = makeImage();
  return {
    title: "deletes of everything in a repository below another",
    also: [],
    before: async (client) => {
      await pushMade(client, "team", { image, tag: "1" });
      await pushMade(client, name, { image, tag: "1" });
    },
    act: async (client) => {
      await client.deleteManifest(name, image.manifest.digest);
      for (const blob of [image.config, image.layer]) await client.deleteBlob(name, digestOf(blob));
    },
    again: (client) => pushMade(client, name, { image, tag: "1" }),
  };
}

function mountAndCancel(): Scenario {
  const image = makeImage();
  return {
    title: "mounts, a cancelled upload and the manifest over them",
    also: [],
    before: (client) => pushMade(client, "team/source", { image, tag: "1" }),
    act: async (client) => {
      for (const blob of [image.config, image.layer]) await client.mountBlob(name, "team/source", digestOf(blob));
      await client.cancelUpload(await client.beginUpload(name, makeBytes(100)));
      await client.pushManifest(name, image.manifest, "1");
    },
    again: (client) => pushMade(client, name, { image, tag: "1" }),
  };
}

/** All of them, with fresh content. */
export const scenarios: readonly Scenario[] = [
  pushIntoNothing("put"),
  pushIntoNothing("chunks"),
  moveTag(),
  moveTagBack(),
  pushIndex(),
  pushArtifact(),
  deleteSome(),
  deleteLast(),
  mountAndCancel(),
];
