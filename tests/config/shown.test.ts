import { expect, test } from "bun:test";
import { loadConfiguration } from "../../src/config/load.ts";
import { showSettings } from "../../src/config/shown.ts";

test("showSettings() masks secrets, also in lists, and keeps the order of the documentation", async () => {
  const env = {
    REGISTRY_PROXY_REMOTEURL: "https://a.test",
    REGISTRY_PROXY_PASSWORD: "hunter2",
    REGISTRY_PROXY_USERNAME: "bob",
    REGISTRY_PROXY_UPSTREAMS: "[{host: b.test, remoteurl: 'https://b.test', username: eve, password: hunter3}]",
  };
  const { settings } = await loadConfiguration({ path: undefined, env, flags: {} });
  const shown = showSettings(settings);
  expect(shown.find(({ key }) => key === "proxy.password")).toEqual({
    key: "proxy.password",
    value: "***",
    origin: "REGISTRY_PROXY_PASSWORD",
  });
  expect(JSON.stringify(shown)).not.toContain("hunter");
  expect(shown.map(({ key }) => key)).toEqual(
    [...settings.keys()].filter((key) => shown.some((each) => each.key === key)),
  );
});
