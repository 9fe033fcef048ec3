import { expect, test } from "bun:test";
import { defaultNames } from "../../../src/app/certificates/host-names.ts";
import { formatSubjectNames } from "../../../src/lib/subject-names.ts";

test.each([
  ["box", ["127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"], "localhost, 127.0.0.1, ::1, box, 192.0.2.7, 2001:db8::7"],
  ["Box.Example", ["fe80::1", "febf::1", "169.254.3.4"], "localhost, 127.0.0.1, ::1, box.example"],
  ["my_box", ["192.0.2.7", "192.0.2.7"], "localhost, 127.0.0.1, ::1, 192.0.2.7"],
  ["localhost", ["fd00::2"], "localhost, 127.0.0.1, ::1, fd00::2"],
])("defaultNames() of %p with %p", (hostName, addresses, want) => {
  expect(formatSubjectNames(defaultNames({ hostName, addresses }))).toBe(want);
});

test("defaultNames() of this machine begin with the loopback ones", () => {
  expect(formatSubjectNames(defaultNames())).toMatch(/^localhost, 127\.0\.0\.1, ::1/);
});
