import { describe, expect, test } from "bun:test";
import { actionOf, describeDeed, formatTimestamp } from "../../src/notifications/event.ts";
import type { Deed } from "../../src/registry/events.ts";
import { actor, deeds, describer, digest, eventOf } from "./made-events.ts";

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const url = `https://registry.example.com/v2/team/app/manifests/${digest}`;
const manifest = { mediaType: manifestType, digest, size: 7, length: 7, repository: "team/app", url };
const blobUrl = `https://registry.example.com/v2/team/app/blobs/${digest}`;
const blob = { mediaType: "application/octet-stream", digest, size: 3, length: 3, repository: "team/app" };
const gone = { mediaType: "", digest, size: 0, repository: "team/app" };

/** As a receiver reads it. */
async function told(deed: Deed): Promise<readonly { readonly action: string; readonly target: object }[]> {
  return JSON.parse(JSON.stringify(await describeDeed(eventOf(deed), describer())));
}

describe("describeDeed()", () => {
  test.each<[string, Deed, string, readonly object[]]>([
    ["a push with two tags", deeds.manifestPushed, "push", ["1", "2"].map((tag) => ({ ...manifest, tag }))],
    ["a push by digest", deeds.pushedByDigest, "push", [manifest]],
    ["a pull by tag", deeds.manifestPulled, "pull", [{ ...manifest, tag: "1" }]],
    ["a pull by digest", deeds.pulledByDigest, "pull", [manifest]],
    ["a deleted manifest", deeds.manifestDeleted, "delete", [gone, { ...gone, digest: "", tag: "1" }]],
    ["a deleted tag", deeds.tagDeleted, "delete", [{ ...gone, digest: "", tag: "1" }]],
    ["a pushed blob", deeds.blobPushed, "push", [{ ...blob, url: blobUrl }]],
    ["a mounted blob", deeds.blobMounted, "mount", [{ ...blob, fromRepository: "base", url: blobUrl }]],
    [
      "a pulled blob of unknown size",
      deeds.blobPulled,
      "pull",
      [{ mediaType: blob.mediaType, digest, size: 0, repository: "team/app", url: blobUrl }],
    ],
    ["a deleted blob", deeds.blobDeleted, "delete", [gone]],
  ])("%s", async (_, deed, action, targets) => {
    const events = await told(deed);
    expect([actionOf(deed), events.map((event) => event.action), events.map(({ target }) => target)]).toEqual([
      action as never,
      targets.map(() => action),
      [...targets],
    ]);
  });

  test("says who asked, how, and which registry tells it", async () => {
    const [event] = await describeDeed(eventOf(deeds.blobDeleted), describer());
    expect(JSON.stringify(event)).toBe(
      `{"id":"e-1","timestamp":"2026-01-02T03:04:05.67Z","action":"delete","target":{"mediaType":"","digest":"${digest}",` +
        '"size":0,"repository":"team/app"},"request":{"id":"r-1","addr":"192.0.2.1:4711","host":"registry.example.com",' +
        '"method":"PUT","useragent":"docker/27"},"actor":{"name":"alice"},"source":{"addr":"host:5000","instanceID":"i-1"}}',
    );
  });

  test.each([
    ["anonymous", { ...actor, name: "anonymous" }],
    ["nobody that is known", { name: "", requestId: undefined }],
  ])("leaves out what is not known of %s", async (_, by) => {
    const [event] = await describeDeed(eventOf(deeds.blobDeleted, by), describer());
    expect(event?.actor.name).toBeUndefined();
  });

  test("the tag stands before the references", async () => {
    const references = [{ mediaType: "a/b", digest, size: 1 }];
    const [event] = await describeDeed(
      eventOf(deeds.manifestPulled),
      describer(async () => references),
    );
    expect(Object.keys(event?.target ?? {}).slice(-2)).toEqual(["tag", "references"]);
  });
});

test.each([
  [0, "1970-01-01T00:00:00Z"],
  [1, "1970-01-01T00:00:00.001Z"],
  [100, "1970-01-01T00:00:00.1Z"],
  [10_020, "1970-01-01T00:00:10.02Z"],
])("formatTimestamp(%d) is %s, as Go writes it", (ms, want) => {
  expect(formatTimestamp(ms)).toBe(want);
});
