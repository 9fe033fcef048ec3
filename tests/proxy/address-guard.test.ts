import { expect, test } from "bun:test";
import { type AddressKind, addressKind, checkAddress } from "../../src/proxy/address-guard.ts";
import { refusalOf } from "./caching.ts";

test.each<[string, AddressKind]>([
  ["8.8.8.8", "public"],
  ["10.1.2.3", "private"],
  ["172.16.0.1", "private"],
  ["172.32.0.1", "public"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "private"],
  ["127.0.0.1", "loopback"],
  ["127.255.0.1", "loopback"],
  ["169.254.169.254", "metadata"],
  ["169.254.1.1", "link-local"],
  ["169.254.170.2", "link-local"],
  ["fd00:ec2::254", "metadata"],
  ["100.100.100.200", "metadata"],
  ["::ffff:169.254.169.254", "metadata"],
  ["2002:a9fe:a9fe::", "metadata"],
  ["::7f00:1", "reserved"],
  ["64:ff9b::808:808", "public"],
  ["64:ff9b:1::7f00:1", "reserved"],
  ["0.0.0.0", "reserved"],
  ["224.0.0.1", "reserved"],
  ["255.255.255.255", "reserved"],
  ["2a00:1450::1", "public"],
  ["::1", "loopback"],
  ["::", "reserved"],
  ["fe80::1", "link-local"],
  ["fe80::1%eth0", "link-local"],
  ["fd00::1", "private"],
  ["ff02::1", "reserved"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:7f00:1", "loopback"],
  ["::ffff:8.8.8.8", "public"],
  ["64:ff9b::a9fe:a9fe", "metadata"],
  ["2002:a00:1::", "private"],
  ["2001::1", "reserved"],
  ["host", "reserved"],
])("addressKind(%p) is %p", (address, kind) => {
  expect(addressKind(address)).toBe(kind);
});

const names: Readonly<Record<string, readonly string[]>> = {
  "cdn.example": ["93.184.216.34"],
  "registry.example": ["93.184.216.35"],
  "inner.example": ["10.0.0.7"],
  "sneaky.example": ["93.184.216.34", "127.0.0.1"],
  "metadata.example": ["169.254.169.254"],
};

const resolve = async (hostname: string) => {
  const found = names[hostname];
  if (found === undefined) throw new Error("ENOTFOUND");
  return found;
};

test.each([
  ["https://cdn.example/x", "https://registry.example", "93.184.216.34"],
  ["https://inner.example/x", "https://registry.example", "UPSTREAM_INVALID"],
  ["https://inner.example/x", "https://inner.example", "10.0.0.7"],
  ["https://10.9.9.9/x", "http://inner.example", "10.9.9.9"],
  ["https://127.0.0.1/x", "http://inner.example", "UPSTREAM_INVALID"],
  ["https://sneaky.example/x", "https://registry.example", "UPSTREAM_INVALID"],
  ["http://metadata.example/x", "http://inner.example", "UPSTREAM_INVALID"],
  ["http://[::1]/x", "https://registry.example", "UPSTREAM_INVALID"],
  ["http://[::1]/x", "http://127.0.0.1:5000", "::1"],
  ["http://0x7f.1/x", "https://registry.example", "UPSTREAM_INVALID"],
  ["http://0.0.0.0/x", "http://127.0.0.1:5000", "UPSTREAM_INVALID"],
  ["https://nowhere.example/x", "https://registry.example", "UPSTREAM_UNREACHABLE"],
  ["http://10.9.9.9/x", "https://nowhere.example", "UPSTREAM_INVALID"],
])("checkAddress(%p) for %p is %p", async (target, home, want) => {
  const check = checkAddress(new URL(target), { home: new URL(home), resolve });
  const refusal = await refusalOf(check.then(() => undefined));
  expect(refusal === "none" ? await check : refusal).toBe(want);
});
