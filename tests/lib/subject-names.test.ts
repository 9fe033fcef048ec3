import { expect, test } from "bun:test";
import {
  explainNameProblem,
  formatSubjectNames,
  listUncoveredNames,
  parseSubjectName,
  uniqueNames,
} from "../../src/lib/subject-names.ts";

const longLabel = "a".repeat(63);
const longName = `${`${longLabel}.`.repeat(3)}${"b".repeat(61)}`;

test.each([
  ["localhost", { kind: "dns", value: "localhost" }],
  ["Registry.Example.ORG", { kind: "dns", value: "registry.example.org" }],
  ["xn--mnchen-3ya.de", { kind: "dns", value: "xn--mnchen-3ya.de" }],
  ["1st.example", { kind: "dns", value: "1st.example" }],
  ["*.example.org", { kind: "dns", value: "*.example.org" }],
  ["*.x", { kind: "dns", value: "*.x" }],
  [longLabel, { kind: "dns", value: longLabel }],
  [longName, { kind: "dns", value: longName }],
  ["192.0.2.7", { kind: "ip", value: "192.0.2.7" }],
  ["::1", { kind: "ip", value: "::1" }],
  ["[2001:DB8:0:0::1]", { kind: "ip", value: "2001:db8::1" }],
  ["0:0:0:0:0:0:0:1", { kind: "ip", value: "::1" }],
  ["::ffff:192.0.2.7", { kind: "ip", value: "192.0.2.7" }],
  ["", undefined],
  [".", undefined],
  ["example.org.", undefined],
  [".example.org", undefined],
  ["a..b", undefined],
  ["-a.example", undefined],
  ["a-.example", undefined],
  ["under_score.example", undefined],
  ["*", undefined],
  ["*.", undefined],
  ["a*.example.org", undefined],
  ["*.*.example.org", undefined],
  ["a.*.example.org", undefined],
  [`${longLabel}a`, undefined],
  [`${longName}b`, undefined],
  ["256.0.0.1", undefined],
  ["192.0.2", undefined],
  ["192.0.2.07", undefined],
  ["1.2.3.0x7f", undefined],
  ["192.0.2.0/24", undefined],
  ["fe80::1%eth0", undefined],
  ["[::1", undefined],
  ["::1]", undefined],
  ["[192.0.2.7]", undefined],
  ["localhost:5000", undefined],
  ["münchen.de", undefined],
  ["\u212Aelvin.example", undefined],
  [" localhost", undefined],
  ["a b", undefined],
  ["a\n", undefined],
] as const)("parseSubjectName(%p)", (text, want) => {
  expect(parseSubjectName(text)).toEqual(want);
});

test.each([
  ["münchen.de", /punycode form, xn--mnchen-3ya\.de$/],
  ["fe80::1%eth0", /zone/],
  ["https://example.org", /URL/],
  ["a*.example.org", /whole first part/],
  ["192.0.2.0/24", /ranges/],
  ["localhost:5000", /port/],
  ["a.example,b.example", /each name by itself$/],
  ["under_score", /neither a host name nor an IPv4 or IPv6 address$/],
  ["a\nb", /^"a\\nb" /],
])("explainNameProblem(%p) says what to do", (text, want) => {
  expect(explainNameProblem(text)).toMatch(want);
});

const names = (...texts: string[]) => texts.flatMap((text) => parseSubjectName(text) ?? []);

test.each([
  [["a.example"], ["a.example", "b.example"], []],
  [["a.example"], ["*.example"], []],
  [["*.example"], ["*.example"], []],
  [["*.example"], ["a.example"], ["*.example"]],
  [["a.b.example"], ["*.example"], ["a.b.example"]],
  [["example"], ["*.example"], ["example"]],
  [["192.0.2.7", "::1"], ["192.0.2.7"], ["::1"]],
  [["a"], [], ["a"]],
])("listUncoveredNames(%p, %p)", (wanted, present, want) => {
  expect(listUncoveredNames(names(...wanted), names(...present))).toEqual(names(...want));
});

test("uniqueNames() keeps the order, and each name once", () => {
  expect(formatSubjectNames(uniqueNames(names("b", "::1", "B", "a", "0::1")))).toBe("b, ::1, a");
});

test("formatSubjectNames() shows the first of very many", () => {
  const names = Array.from({ length: 22 }, (_, index) => ({ kind: "dns" as const, value: `n${index}` }));
  expect(formatSubjectNames(names)).toEndWith("n18, n19, and 2 more");
  expect(formatSubjectNames(names.slice(0, 20))).toEndWith("n18, n19");
});
