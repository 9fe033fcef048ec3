import { expect, test } from "bun:test";
import { describeAddress } from "../../../src/app/listening/server-address.ts";

const machineNames = ["localhost", "127.0.0.1", "::1", "host", "192.0.2.7"];

test.each([
  [":5000", undefined, "http://localhost:5000", "192.0.2.7:5000"],
  ["0.0.0.0:5000", undefined, "http://localhost:5000", "192.0.2.7:5000"],
  ["[::]:5000", undefined, "http://localhost:5000", "192.0.2.7:5000"],
  [":5000", machineNames, "https://localhost:5000", "192.0.2.7:5000"],
  [":5000", ["a.example", ...machineNames], "https://localhost:5000", "a.example:5000"],
  // A certificate for other names than localhost.
  [":5000", ["a.example"], "https://a.example:5000", "a.example:5000"],
  [":5000", ["*.example", "2001:db8::7"], "https://[2001:db8::7]:5000", "[2001:db8::7]:5000"],
  [":5000", ["*.example"], "https://localhost:5000", undefined],
  // One without names: clients refuse it by whatever name.
  [":5000", [], "https://localhost:5000", "192.0.2.7:5000"],
  // IPv6 where there is no IPv4, and the host's name where there is nothing else.
  [":5000", ["localhost", "host", "2001:db8::7"], "https://localhost:5000", "[2001:db8::7]:5000"],
  [":5000", ["localhost", "host"], "https://localhost:5000", "host:5000"],
  ["127.0.0.1:5000", machineNames, "https://127.0.0.1:5000", undefined],
  ["localhost:5000", machineNames, "https://localhost:5000", undefined],
  ["[::1]:5000", machineNames, "https://[::1]:5000", undefined],
  ["192.0.2.7:5000", machineNames, "https://192.0.2.7:5000", "192.0.2.7:5000"],
])("describeAddress() of %s with a certificate for %j", (addr, certificateNames, url, remoteHost) => {
  expect(describeAddress({ addr, port: 5000, certificateNames, machineNames, hostName: "host" })).toEqual({
    url,
    remoteHost,
  });
});
