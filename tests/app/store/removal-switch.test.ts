import { expect, test } from "bun:test";
import { withoutRemoval } from "../../../src/app/store/removal-switch.ts";
import { load } from "../../config/written-file.ts";

test("nothing is deleted, collected or evicted any more; everything else stays", async () => {
  const text = `version: 0.1
storage: {filesystem: {rootdirectory: /x}, delete: {enabled: true}}
gc: {interval: 1h}
proxy: {remoteurl: https://ghcr.io, maxsize: 1GB, upstreams: [{host: quay.io, ttl: 5h}]}`;
  const { configuration } = await load({ text });
  const { storage, gc, proxy, ...rest } = withoutRemoval(configuration);
  expect([storage.delete.enabled, storage.filesystem.rootdirectory, gc.isOn, gc.interval]).toEqual([
    ...[false, "/x", false, 3_600_000],
  ]);
  expect([proxy?.maxsize, proxy?.main?.ttl, proxy?.others.map(({ ttl }) => ttl)]).toEqual([undefined, 0, [0]]);
  expect(rest.http).toBe(configuration.http);
});

test("without caches there are none", async () => {
  expect(withoutRemoval((await load({ text: "version: 0.1" })).configuration).proxy).toBeUndefined();
});
