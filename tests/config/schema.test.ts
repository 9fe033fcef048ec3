import { describe, expect, test } from "bun:test";
import * as z from "zod";
import { listNodes, nodeAt } from "../../src/config/node.ts";
import { root, schema } from "../../src/config/schema.ts";
import { load } from "./written-file.ts";

const nodes = listNodes(root);

test("names have no underscore, which separates the segments of a variable", () => {
  expect(nodes.filter(({ path }) => !/^[a-z0-9]+(\.[a-z0-9]+)*$/.test(path))).toEqual([]);
});

test("every key is documented by one sentence on one line", () => {
  const keys = nodes.filter(({ kind, isSwitch }) => isSwitch || (kind !== "section" && kind !== "foreign"));
  const bad = keys.filter(({ about }) => !/^[A-Z][^\n]{10,130}[.]$/.test(about.description ?? ""));
  // The key `net` takes one value.
  expect(bad.map(({ path }) => path)).toEqual(["http.net"]);
});

test("every section may be absent, and no default is refused", () => {
  expect(schema.safeParse({}).error?.issues ?? []).toEqual([]);
  expect(nodes.filter(({ about: { inFile }, fallback }) => inFile !== undefined && inFile === fallback)).toEqual([]);
});

test("no flag sets two keys", () => {
  const flags = nodes.flatMap(({ about: { flag } }) => flag ?? []);
  expect(flags).toEqual([...new Set(flags)]);
});

test.each([
  ["log.hooks", { effect: "ignored" }],
  ["storage.redirect.disable", { isProtective: true }],
  ["storage.gcs", { refusesBlank: true }],
  ["storage.s3.secretkey", { isSecret: true }],
  ["auth.none", { effect: "silent" }],
  ["auth.silly", { refusesBlank: true }],
  ["http.secret", { effect: "silent" }],
  ["redis", { effect: "ignored" }],
  ["proxy.password", { isSecret: true }],
])("%s is %p", (path, about) => {
  expect(nodeAt(root, path.split("."))?.about).toMatchObject(about);
});

test("an unknown name is an error in two sections", () => {
  const closed = nodes.filter(({ about }) => about.closed !== undefined);
  expect(closed.map(({ path }) => path)).toEqual(["storage", "auth"]);
});

test("the schema can be written as JSON Schema, with defaults and documentation", () => {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  expect(JSON.stringify(json)).toContain(
    '"addr":{"description":"The address to listen on, as host:port; without a host, every interface.","flag":"addr",' +
      '"default":":5000","type":"string"}',
  );
});

const withFile = (text: string): string => `version: 0.1\n${text}`;

describe("validation", () => {
  const platformlist = [{ architecture: "amd64", os: "linux" }];
  test.each<[string, string | undefined, object]>([
    ["no file", undefined, { urls: { allow: [".*"], deny: [] }, indexes: { platforms: "all", platformlist: [] } }],
    ["a file without a word", "", { urls: { allow: [], deny: [] }, indexes: { platforms: "all" } }],
    ["allow", "validation: {manifests: {urls: {allow: [a]}}}", { urls: { allow: ["a"], deny: [] } }],
    ["deny alone", "validation: {manifests: {urls: {deny: [a]}}}", { urls: { allow: [], deny: ["a"] } }],
    [
      "a list of platforms",
      "validation: {manifests: {indexes: {platforms: List, platformlist: [{architecture: amd64, os: linux}]}}}",
      { indexes: { platforms: "list", platformlist } },
    ],
  ])("%s", async (_, text, want) => {
    const { configuration } = await load(text === undefined ? {} : { text: withFile(text) });
    expect(configuration.validation.manifests).toMatchObject(want);
  });

  test("an empty list in a variable is a word: no URL is allowed", async () => {
    const { configuration } = await load({ env: { REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW: "[]" } });
    expect(configuration.validation.manifests.urls).toEqual({ allow: [], deny: [] });
  });
});

test.each([
  ["", 1000],
  ["catalog: {maxentries: 5}", 5],
  ["catalog: {maxentries: 0}", 1000],
  ["catalog: {maxentries: -1}", 1000],
])("%p allows %d repositories in a page", async (text, want) => {
  expect((await load({ text: withFile(text) })).configuration.catalog.maxentries).toEqual(want);
});
