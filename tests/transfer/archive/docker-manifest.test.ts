import { expect, test } from "bun:test";
import { formatDockerManifest, readDockerManifest } from "../../../src/transfer/archive/docker-manifest.ts";

test("readDockerManifest() reads what formatDockerManifest() writes", () => {
  const images = [
    { config: "c", repoTags: ["a:1"], layers: ["l"] },
    { config: "d", repoTags: [], layers: [] },
  ];
  expect(readDockerManifest(JSON.parse(formatDockerManifest(images)), "it")).toEqual(images);
  expect(formatDockerManifest(images)).toContain('"RepoTags":null');
});

test.each([[{}], [[7]], [[{ Layers: [] }]], [[{ Config: "c", Layers: [7] }]], [[{ Config: "c", RepoTags: "x" }]]])(
  "readDockerManifest() refuses %j",
  (value) => {
    expect(() => readDockerManifest(value, "it")).toThrow("it: manifest.json");
  },
);
