import { expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import * as layout from "../../src/registry/layout.ts";
import { digestOf, named, tagged, utf8 } from "./stocked.ts";

const name = named("team/app");
const digest = digestOf("abc");
const hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const long = hashBytes(utf8("abc"), "sha512");
const longHex = long.slice("sha512:".length);
const subject = digestOf("subject");
const subjectHex = subject.slice("sha256:".length);
const id = "00000000-0000-4000-8000-000000000001";
const v2 = "docker/registry/v2";
const own = `${v2}/repositories/team/app`;

/** As registry:2 and registry:3 have them (the tree at the head of src/registry/layout.ts). */
test.each([
  ["a blob", layout.blobKey(digest), `${v2}/blobs/sha256/ba/${hex}/data`],
  ["a sha512 blob", layout.blobKey(long), `${v2}/blobs/sha512/dd/${longHex}/data`],
  ["the repositories", layout.repositoriesPrefix, `${v2}/repositories`],
  ["a repository", layout.repositoryPrefix(name), own],
  ["a layer link", layout.layerLink(name, digest), `${own}/_layers/sha256/${hex}/link`],
  ["a sha512 layer link", layout.layerLink(name, long), `${own}/_layers/sha512/${longHex}/link`],
  ["a revision", layout.revisionLink(name, digest), `${own}/_manifests/revisions/sha256/${hex}/link`],
  ["a tag", layout.tagPrefix(name, tagged("v1.0")), `${own}/_manifests/tags/v1.0`],
  ["what a tag points to", layout.tagCurrentLink(name, tagged("v1")), `${own}/_manifests/tags/v1/current/link`],
  [
    "what a tag has pointed to",
    layout.tagIndexLink(name, tagged("v1"), digest),
    `${own}/_manifests/tags/v1/index/sha256/${hex}/link`,
  ],
  [
    "a referrer",
    layout.referrerLink(name, subject, digest),
    `${own}/_referrers/sha256/${subjectHex}/sha256/${hex}/link`,
  ],
  ["an upload", layout.uploadKey(name, id), `${own}/_uploads/${id}/data`],
])("%s lies where the other registries look, or where they do not", (_what, key, want) => {
  expect(key).toBe(want);
});

test("what lies below a prefix begins with it", () => {
  const pairs = [
    [layout.layersPrefix(name), layout.layerLink(name, digest)],
    [layout.manifestsPrefix(name), layout.revisionsPrefix(name)],
    [layout.revisionsPrefix(name), layout.revisionLink(name, digest)],
    [layout.manifestsPrefix(name), layout.tagsPrefix(name)],
    [layout.tagsPrefix(name), layout.tagPrefix(name, tagged("v1"))],
    [layout.referrersPrefix(name), layout.subjectPrefix(name, subject)],
    [layout.subjectPrefix(name, subject), layout.referrerLink(name, subject, digest)],
    [layout.uploadsPrefix(name), layout.uploadPrefix(name, id)],
    [layout.uploadPrefix(name, id), layout.uploadKey(name, id)],
  ] as const;
  expect(pairs.filter(([prefix, key]) => !key.startsWith(`${prefix}/`))).toEqual([]);
});

test.each([
  ["sha256", hex, digest],
  ["sha512", longHex, long],
  ["sha512", hex, undefined],
  ["sha256", hex.toUpperCase(), undefined],
  ["sha384", "a".repeat(96), undefined],
  ["_hold", hex, undefined],
  ["", "", undefined],
])("digestFromPath(%p, %p)", (algorithm, text, want) => {
  expect(layout.digestFromPath(algorithm, text)).toEqual(want as never);
});

test("what decides of a tag and of an upload comes first in byte order: a driver may have to remove object by object", () => {
  const tag = tagged("v1");
  const tagKeys = [layout.tagIndexLink(name, tag, digest), layout.tagCurrentLink(name, tag)];
  const uploadKeys = ["startedat", "hashstates/sha256/0"].map((beside) => `${layout.uploadPrefix(name, id)}/${beside}`);
  expect([tagKeys.toSorted()[0], [...uploadKeys, layout.uploadKey(name, id)].toSorted()[0]]).toEqual([
    layout.tagCurrentLink(name, tag),
    layout.uploadKey(name, id),
  ]);
});
