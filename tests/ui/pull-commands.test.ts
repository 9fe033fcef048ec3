import { expect, test } from "bun:test";
import { listPullCommands, type PulledImage } from "../../src/ui/pull-commands.ts";

const digest = `sha256:${"a".repeat(64)}`;
const image: PulledImage = {
  host: "registry.example:5000",
  name: "team/app",
  reference: "v1",
  kind: "image",
  artifactType: undefined,
  configType: "application/vnd.oci.image.config.v1+json",
};
const lines = (changes: Partial<PulledImage>) =>
  Object.fromEntries(listPullCommands({ ...image, ...changes }).map(({ client, line }) => [client, line]));

test("images, and indexes of them, are for those who run containers", () => {
  const want = {
    docker: "docker pull registry.example:5000/team/app:v1",
    podman: "podman pull registry.example:5000/team/app:v1",
    containerd: "ctr images pull registry.example:5000/team/app:v1",
    crane: "crane pull registry.example:5000/team/app:v1 image.tar",
    oras: "oras copy registry.example:5000/team/app:v1 --to-oci-layout image",
  };
  expect([lines({}), lines({ kind: "index", configType: undefined })]).toEqual([want, want]);
});

test("charts are for helm, with the version as helm writes it", () => {
  const configType = "application/vnd.cncf.helm.config.v1+json";
  expect([lines({ configType, reference: "1.0.0_7" }).helm, lines({ configType, reference: digest }).helm]).toEqual([
    "helm pull oci://registry.example:5000/team/app --version 1.0.0+7",
    `helm pull oci://registry.example:5000/team/app@${digest}`,
  ]);
});

test("what is no image is for those who take anything", () => {
  const want = {
    oras: "oras pull registry.example:5000/team/app:v1",
    crane: "crane pull registry.example:5000/team/app:v1 image.tar",
  };
  expect([
    lines({ artifactType: "application/spdx+json" }),
    lines({ configType: "application/vnd.wasm.config.v0+json" }),
    lines({ configType: undefined }),
  ]).toEqual([want, want, want]);
});

test("a shell runs nothing that is in a name", () => {
  expect(lines({ host: "a';id;'" }).docker).toEqual(`docker pull 'a'\\'';id;'\\''/team/app:v1'`);
});
