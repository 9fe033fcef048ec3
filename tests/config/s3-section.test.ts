import { expect, test } from "bun:test";
import { describeSchema, listNodes } from "../../src/config/node.ts";
import { s3 } from "../../src/config/s3-section.ts";

test("the section is off if it is absent, and has distribution's defaults", () => {
  expect(s3.parse(undefined)).toMatchObject({ isOn: false, secure: true, v4auth: true, chunksize: 10485760 });
});

test("every key takes text", () => {
  const written = {
    ...{ isOn: "true", bucket: "b", region: "eu-west-1", accesskey: "k", secretkey: "s", skipverify: "yes" },
    ...{ cache: { directory: "/c", maxsize: "50GB" }, loglevel: "Debug", storageclass: "STANDARD_IA" },
  };
  expect(s3.parse(written)).toMatchObject({
    isOn: true,
    skipverify: true,
    cache: { directory: "/c", maxsize: 50e9 },
    loglevel: "debug",
  });
});

test.each([
  [{ v4auth: "false" }, "must be true: requests are signed in version 4 only"],
  [{ storageclass: "glacier" }, "must be a class whose objects can be read at once, such as STANDARD"],
  [{ encrypt: "maybe" }, "must be true or false"],
  [{ chunksize: "5MB" }, "must be a whole number"],
])("%p is refused", (written, message) => {
  expect(s3.safeParse(written).error?.issues.map((issue) => issue.message)).toEqual([message]);
});

test("what is secret is marked", () => {
  const secret = listNodes(describeSchema(s3)).filter(({ about }) => about.isSecret === true);
  expect(secret.map(({ path }) => path)).toEqual(["secretkey", "sessiontoken"]);
});
