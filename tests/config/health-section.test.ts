import { expect, test } from "bun:test";
import { showSettings } from "../../src/config/shown.ts";
import { load, problemsOf } from "./written-file.ts";

const written = (section: string) => ({ text: `version: 0.1\nhealth: ${section}\n` });

test("the section of distribution's own images is read", async () => {
  const { configuration, warnings } = await load(
    written("{storagedriver: {enabled: true, interval: 10s, threshold: 3}}"),
  );
  expect([configuration.health, warnings]).toEqual([
    { storagedriver: { enabled: true, interval: 10_000, threshold: 3 }, file: [], http: [], tcp: [] },
    [],
  ]);
});

test("checks have distribution's defaults, and a timeout", async () => {
  const section =
    "{file: [{file: /down}], http: [{uri: 'http://a/', statuscode: 0}], tcp: [{addr: 'b:1', timeout: 0s, interval: 0s}]}";
  const { configuration } = await load(written(section));
  const common = { interval: 10_000, threshold: 0 };
  expect(configuration.health).toEqual({
    storagedriver: { enabled: false, ...common },
    file: [{ file: "/down", ...common }],
    http: [{ uri: "http://a/", headers: {}, statuscode: 200, timeout: 5000, ...common }],
    tcp: [{ addr: "b:1", timeout: 5000, ...common }],
  });
});

test("checks can be given in variables", async () => {
  const env = { REGISTRY_HEALTH_FILECHECKERS_0_FILE: "/down", REGISTRY_HEALTH_TCP_0_ADDR: "redis:6379" };
  const { configuration } = await load({ env });
  expect([configuration.health.file[0]?.file, configuration.health.tcp[0]?.addr]).toEqual(["/down", "redis:6379"]);
});

test.each([
  ["{storagedriver: {threshold: -1}}", "must not be negative"],
  ["{file: [down]}", "must have the key file"],
  ["{http: [{uri: 'ftp://a'}]}", "must be a URL with http or https"],
  ["{http: [{uri: 'http://a', statuscode: 99}]}", "must be an HTTP status"],
  ["{tcp: [{addr: redis}]}", "must be host:port"],
])("%s is refused", async (section, part) => {
  expect((await problemsOf(written(section)))?.join()).toContain(part);
});

test("headers of a check are not shown", async () => {
  const { settings } = await load(written("{http: [{uri: 'http://a', headers: {Authorization: [Bearer hidden]}}]}"));
  const shown = showSettings(settings).find(({ key }) => key === "health.http");
  expect(shown?.value).toEqual([{ uri: "http://a", headers: "***" }]);
});
