import { describe, expect, test } from "bun:test";
import { choosePlatform, parseConfigDocument, parseManifestDocument, sumSizes } from "../../src/ui/image-document.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const content = (letter: string, fields: Record<string, unknown> = {}) => ({
  mediaType: "a/b",
  digest: digest(letter),
  size: 10,
  ...fields,
});
const manifestOf = (fields: unknown) => parseManifestDocument(JSON.stringify(fields), "x/type");

describe("parseManifestDocument()", () => {
  test("reads an image", () => {
    const manifest = manifestOf({
      mediaType: "m/image",
      config: content("c"),
      layers: [content("1", { annotations: { title: "a" } }), content("2")],
      annotations: { a: "1" },
      subject: content("s"),
      artifactType: "a/type",
    });
    expect(manifest).toMatchObject({
      kind: "image",
      mediaType: "m/image",
      artifactType: "a/type",
      config: { digest: digest("c") },
      layers: [{ annotations: [["title", "a"]] }, { sizeBytes: 10, platform: undefined }],
      annotations: [["a", "1"]],
      subject: { digest: digest("s") },
    });
    expect(sumSizes(manifest?.layers ?? [])).toEqual(20);
  });

  test("reads an index with its platforms", () => {
    const platform = { os: "linux", architecture: "arm", variant: "v7" };
    expect(manifestOf({ manifests: [content("1", { platform })] })).toMatchObject({
      kind: "index",
      mediaType: "x/type",
      manifests: [{ platform: "linux/arm/v7" }],
    });
  });

  test.each(["", "[]", "1", "{"])("finds no manifest in %p", (text) => {
    expect(parseManifestDocument(text, "")).toEqual(undefined);
  });

  test("leaves out what is not as it should be", () => {
    const wrong = { config: 1, layers: [1, {}, { digest: 2 }, { digest: "d", size: "big" }], annotations: ["x"] };
    expect(manifestOf(wrong)).toMatchObject({
      config: undefined,
      layers: [{ digest: "d", sizeBytes: 0, mediaType: "" }],
      annotations: [],
    });
  });
});

const layers = manifestOf({ layers: [content("1"), content("2")] })?.layers ?? [];

describe("parseConfigDocument()", () => {
  test("reads what an image runs", () => {
    const text = JSON.stringify({
      os: "linux",
      architecture: "amd64",
      created: "2026-01-01T00:00:00Z",
      config: {
        Entrypoint: ["/run"],
        Cmd: ["a", 1],
        Env: ["A=1"],
        ExposedPorts: { "80/tcp": {} },
        Volumes: { "/data": {} },
        User: "1000",
        WorkingDir: "/w",
        StopSignal: "SIGQUIT",
        Labels: { a: "b" },
      },
    });
    expect(parseConfigDocument(text, [])).toEqual({
      platform: "linux/amd64",
      created: "2026-01-01T00:00:00Z",
      author: undefined,
      entryPoint: ["/run"],
      command: ["a"],
      environment: ["A=1"],
      ports: ["80/tcp"],
      volumes: ["/data"],
      user: "1000",
      workingDirectory: "/w",
      stopSignal: "SIGQUIT",
      labels: [["a", "b"]],
      history: layersWithoutSteps(0),
    });
  });

  const layersWithoutSteps = (count: number) =>
    layers.slice(0, count).map((layer) => ({ command: "", created: undefined, layer }));

  test("gives each step of the history its layer", () => {
    const history = [
      { created_by: "/bin/sh -c #(nop)  ADD file:1 in / " },
      { created_by: "/bin/sh -c #(nop)  CMD [x]", empty_layer: true },
      { created_by: "/bin/sh -c make" },
    ];
    const steps = parseConfigDocument(JSON.stringify({ history }), layers)?.history ?? [];
    expect(steps.map(({ command, layer }) => [command, layer?.digest])).toEqual([
      ["ADD file:1 in / ", digest("1")],
      ["CMD [x]", undefined],
      ["RUN make", digest("2")],
    ]);
  });

  test.each([
    [[], [digest("1"), digest("2")]],
    [
      [{}, {}, {}],
      [digest("1"), digest("2"), undefined],
    ],
    [
      [null, 7],
      [digest("1"), digest("2")],
    ],
  ])("shows every layer once, also if the history has %p", (history, want) => {
    const steps = parseConfigDocument(JSON.stringify({ history }), layers)?.history ?? [];
    expect(steps.map(({ layer }) => layer?.digest)).toEqual(want);
  });

  test("finds no configuration in what is no object", () => {
    expect(parseConfigDocument("[]", layers)).toEqual(undefined);
  });
});

test.each([
  [["linux/arm64", "linux/amd64"], "linux/amd64"],
  [["unknown/unknown", "linux/arm64"], "linux/arm64"],
  [["unknown/unknown"], "unknown/unknown"],
  [[], undefined],
])("choosePlatform() of %p", (platforms, want) => {
  const manifests = platforms.map((text) => {
    const [os, architecture] = text.split("/");
    return content("1", { platform: { os, architecture } });
  });
  expect(choosePlatform(manifestOf({ manifests })?.manifests ?? [])?.platform).toEqual(want);
});
