import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatImageName,
  formatPageLocation,
  isDigest,
  parseLocation,
  repositoryAt,
} from "../../src/ui/page-location.ts";

const digest = `sha256:${"a".repeat(64)}`;

test.each([
  ["", { kind: "repositories", query: "" }],
  ["#/", { kind: "repositories", query: "" }],
  ["#/?q=team%2F*", { kind: "repositories", query: "team/*" }],
  ["#/registry", { kind: "registry" }],
  ["#/repositories/team/app", repositoryAt("team/app")],
  [
    "#/repositories/a?q=1.*&sort=size&order=desc",
    { kind: "repository", name: "a", query: "1.*", sort: "size", isDescending: true },
  ],
  ["#/repositories/a?sort=x", repositoryAt("a")],
  ["#/images/team/app:v1", { kind: "image", name: "team/app", reference: "v1" }],
  [`#/images/team/app@${digest}`, { kind: "image", name: "team/app", reference: digest }],
  ["#/images/team/app", { kind: "nowhere" }],
  ["#/images/:v1", { kind: "nowhere" }],
  ["#/images/a:", { kind: "nowhere" }],
  ["#/elsewhere", { kind: "nowhere" }],
  ["#/repositories/../../ca.crt", { kind: "nowhere" }],
  ["#/repositories/<b>", { kind: "nowhere" }],
  ["#/images/a/..:v1", { kind: "nowhere" }],
  ["#/images/a:v1?x", { kind: "image", name: "a", reference: "v1" }],
  ["#/images/a:<b>", { kind: "nowhere" }],
  ["#/%zz", { kind: "nowhere" }],
  ["#main", { kind: "nowhere" }],
])("parseLocation() of %p", (hash, want) => {
  expect(parseLocation(hash)).toEqual(want as never);
});

test("parseLocation() finds again what formatPageLocation() wrote", () => {
  const component = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?$/);
  const name = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const query = fc.string({ maxLength: 20 });
  const sort = fc.constantFrom("name", "pushed", "size");
  const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/);
  const location = fc.oneof(
    fc.record({ kind: fc.constant("repositories"), query }),
    fc.record({ kind: fc.constant("repository"), name, query, sort, isDescending: fc.boolean() }),
    fc.record({ kind: fc.constant("image"), name, reference: fc.oneof(tag, fc.constant(digest)) }),
    fc.constant({ kind: "registry" }),
  );
  fc.assert(
    fc.property(location, (each) => {
      expect(parseLocation(formatPageLocation(each as never))).toEqual(each as never);
    }),
  );
});

test("formatImageName() writes tags and digests as clients do", () => {
  const names = ["v1", digest].map((reference) => formatImageName({ name: "a", reference }));
  expect([names, isDigest("v1"), formatPageLocation({ kind: "nowhere" })]).toEqual([
    ["a:v1", `a@${digest}`],
    false,
    "#/",
  ]);
});
