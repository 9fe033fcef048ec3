import { describe, expect, test } from "bun:test";
import { showSettings } from "../../src/config/shown.ts";
import { load, problemsOf } from "./written-file.ts";

/** As Harbor's configuration has it. */
const harbor = `version: 0.1
notifications:
  endpoints:
    - name: harbor
      disabled: false
      url: http://core:8080/service/notifications
      timeout: 3000ms
      threshold: 5
      backoff: 1s
      ignoredmediatypes:
        - application/vnd.docker.image.rootfs.diff.tar.gzip
      headers:
        Authorization: [Bearer secret]
`;

const defaults = {
  name: "ci",
  disabled: false,
  url: "https://ci.example.com/hook",
  headers: {},
  timeout: 1000,
  threshold: 10,
  backoff: 1000,
  ignoredmediatypes: [],
  ignore: { mediatypes: [], actions: [] },
};

describe("notifications", () => {
  test("an endpoint as people have it", async () => {
    const { configuration, warnings } = await load({ text: harbor });
    expect([configuration.notifications.endpoints, warnings]).toEqual([
      [
        {
          ...defaults,
          name: "harbor",
          url: "http://core:8080/service/notifications",
          timeout: 3000,
          threshold: 5,
          headers: { Authorization: ["Bearer secret"] },
          ignoredmediatypes: ["application/vnd.docker.image.rootfs.diff.tar.gzip"],
        },
      ],
      [],
    ]);
  });

  test.each([
    ["{name: ci, url: 'https://ci.example.com/hook'}", {}],
    ["{name: ci, url: 'https://ci.example.com/hook', timeout: 0s, threshold: 0, backoff: 0s}", {}],
    [
      "{name: ci, url: 'https://ci.example.com/hook', ignore: {actions: [Pull, delete]}}",
      { ignore: { mediatypes: [], actions: ["pull", "delete"] } },
    ],
    ["{name: ci, disabled: true}", { disabled: true, url: undefined }],
  ])("%s", async (endpoint, want) => {
    const { configuration } = await load({ text: `version: 0.1\nnotifications: {endpoints: [${endpoint}]}\n` });
    expect(configuration.notifications.endpoints).toEqual([{ ...defaults, ...want } as never]);
  });

  test.each([
    ["{name: ci}", /notifications\.endpoints\.url: must be there, unless the endpoint is disabled/],
    ["{name: ci, url: ci.example.com}", /url: must be the URL that events are posted to/],
    ["{name: ci, url: 'ftp://ci.example.com'}", /url: must be the URL that events are posted to/],
    ["{name: ci, url: 'http://ci', ignore: {actions: [upload]}}", /must be push, pull, mount or delete/],
    ["{name: ci, url: 'http://ci', headers: {X Token: [secret]}}", /must be named like a header/],
    ["{name: ci, url: 'http://ci', timeout: 5}", /must have a unit/],
  ])("refuses %s", async (endpoint, want) => {
    const problems = await problemsOf({ text: `version: 0.1\nnotifications: {endpoints: [${endpoint}]}\n` });
    expect(problems).toEqual([expect.stringMatching(want)]);
  });

  test("variables set all of it, or a part", async () => {
    const env = {
      REGISTRY_NOTIFICATIONS_ENDPOINTS: "[{name: ci, url: 'https://ci.example.com/hook'}]",
      REGISTRY_NOTIFICATIONS_ENDPOINTS_0_THRESHOLD: "3",
      REGISTRY_NOTIFICATIONS_ENDPOINTS_0_HEADERS: "{X-Token: [a]}",
      REGISTRY_NOTIFICATIONS_ENDPOINTS_0_IGNORE_ACTIONS: "[pull]",
    };
    const { configuration, warnings } = await load({ env });
    const ignore = { mediatypes: [], actions: ["pull"] };
    expect([configuration.notifications.endpoints, warnings]).toEqual([
      [{ ...defaults, threshold: 3, headers: { "X-Token": ["a"] }, ignore } as never],
      [],
    ]);
  });

  test("secrets are not shown", async () => {
    const url = "https://user:hidden@ci.example.com/hook?token=hidden";
    const text = `version: 0.1\nnotifications: {endpoints: [{name: ci, url: '${url}', headers: {X-Token: [hidden]}}]}\n`;
    const { settings } = await load({ text });
    const shown = showSettings(settings).find(({ key }) => key === "notifications.endpoints");
    expect(shown?.value).toEqual([
      { name: "ci", url: "https://***@ci.example.com/hook?token=***", headers: { "X-Token": "***" } },
    ]);
  });
});
