import { describe, expect, test } from "bun:test";
import { addressOf } from "../../../src/storage/s3/address.ts";
import { type BucketSettings, planBucket } from "../../../src/storage/s3/bucket-settings.ts";

const usual: BucketSettings = {
  bucket: "images",
  region: "eu-west-1",
  regionendpoint: undefined,
  secure: true,
  forcepathstyle: undefined,
  rootdirectory: undefined,
  encrypt: false,
  keyid: undefined,
  storageclass: undefined,
  objectacl: undefined,
  usedualstack: false,
  accelerate: false,
  usefipsendpoint: false,
};
const own = { ...usual, region: undefined, regionendpoint: "minio.test:9000" };

/** The address of an object, or the problem. */
function addressWith(settings: BucketSettings): string {
  const plan = planBucket(settings);
  return "problem" in plan ? plan.problem : addressOf(plan.address, "k").href;
}

describe("planBucket() says where objects are", () => {
  test.each([
    [usual, "https://images.s3.eu-west-1.amazonaws.com/k"],
    [{ ...usual, secure: false }, "http://images.s3.eu-west-1.amazonaws.com/k"],
    [{ ...usual, forcepathstyle: true }, "https://s3.eu-west-1.amazonaws.com/images/k"],
    [{ ...usual, bucket: "my.images" }, "https://s3.eu-west-1.amazonaws.com/my.images/k"],
    [{ ...usual, region: "cn-north-1" }, "https://images.s3.cn-north-1.amazonaws.com.cn/k"],
    [{ ...usual, usedualstack: true }, "https://images.s3.dualstack.eu-west-1.amazonaws.com/k"],
    [{ ...usual, usefipsendpoint: true }, "https://images.s3-fips.eu-west-1.amazonaws.com/k"],
    [{ ...usual, accelerate: true }, "https://images.s3-accelerate.amazonaws.com/k"],
    [{ ...usual, rootdirectory: "/a//b/" }, "https://images.s3.eu-west-1.amazonaws.com/a/b/k"],
    [own, "https://minio.test:9000/images/k"],
    [{ ...own, secure: false }, "http://minio.test:9000/images/k"],
    [{ ...own, regionendpoint: "http://minio.test:9000/s3" }, "http://minio.test:9000/s3/images/k"],
    [{ ...own, forcepathstyle: false }, "https://images.minio.test:9000/k"],
  ] as [BucketSettings, string][])("%#", (settings, want) => {
    expect(addressWith(settings)).toBe(want);
  });

  test.each([
    [{ ...usual, bucket: "" }, "storage.s3.bucket is missing"],
    [{ ...usual, region: undefined }, "storage.s3.region is missing"],
    [{ ...usual, keyid: "k" }, "storage.s3.keyid needs storage.s3.encrypt: true"],
    [
      { ...usual, bucket: "my.images", forcepathstyle: false },
      "the bucket my.images needs storage.s3.forcepathstyle: true",
    ],
    [
      { ...own, regionendpoint: "https://user:pass@minio.test" },
      "storage.s3.regionendpoint must be like https://host:port",
    ],
    [{ ...own, regionendpoint: "http://[" }, "storage.s3.regionendpoint must be like https://host:port"],
  ] as [BucketSettings, string][])("or what is wrong (%#)", (settings, want) => {
    expect(addressWith(settings)).toBe(want);
  });

  test("and refuses rights that nobody knows", () => {
    expect(addressWith({ ...usual, objectacl: "everybody" })).toStartWith(
      "storage.s3.objectacl must be one of private, ",
    );
  });
});

describe("planBucket() says how objects are written", () => {
  test.each([
    [{}, {}],
    [{ storageclass: "STANDARD", objectacl: "private" }, {}],
    [{ encrypt: true }, { "x-amz-server-side-encryption": "AES256" }],
    [
      { encrypt: true, keyid: "k" },
      { "x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "k" },
    ],
    [{ storageclass: "REDUCED_REDUNDANCY" }, { "x-amz-storage-class": "REDUCED_REDUNDANCY" }],
    [{ objectacl: "bucket-owner-full-control" }, { "x-amz-acl": "bucket-owner-full-control" }],
  ])("%p", (changes, want) => {
    const plan = planBucket({ ...usual, ...changes });
    expect("problem" in plan ? plan.problem : plan.newHeaders).toEqual(want);
  });

  test("and in which region, which stores of one's own mostly do not have", () => {
    expect([usual, own].map((settings) => planBucket(settings)).map((plan) => "region" in plan && plan.region)).toEqual(
      ["eu-west-1", "us-east-1"],
    );
  });
});
