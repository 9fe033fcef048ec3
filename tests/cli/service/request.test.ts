import { expect, test } from "bun:test";
import { type ParsedWords, parseWords } from "../../../src/cli/command.ts";
import { formatServing, isEmpty, parseServiceRequest, parseServing } from "../../../src/cli/service/request.ts";
import { serviceCommand } from "../../../src/cli/service/service.ts";

const parse = (...words: readonly string[]) => parseServiceRequest(parseWords(serviceCommand, words), "/srv");

test("parseServiceRequest() makes paths whole, and keeps the flags of serve apart", () => {
  expect(parse("install", "c.yml", "--data", "d", "--san", "a", "--san", "b", "--http", "--force")).toEqual({
    verb: "install",
    isUser: false,
    isPrint: false,
    isForced: true,
    serving: { positionals: ["/srv/c.yml"], flags: { data: ["/srv/d"], san: ["a", "b"], http: [""] } },
  });
  expect(parse("uninstall", "--user")).toMatchObject({ verb: "uninstall", isUser: true });
});

test.each([
  [[], "say install or uninstall"],
  [["status"], "say install or uninstall"],
  [["uninstall", "c.yml"], "uninstall takes --user, and nothing else"],
  [["uninstall", "--print"], "uninstall takes --user, and nothing else"],
  [["uninstall", "--force"], "uninstall takes --user, and nothing else"],
])("registry service %j is wrong usage", (words, want) => {
  expect(() => parse(...words)).toThrow(want);
});

test.each<[ParsedWords, readonly string[]]>([
  [{ positionals: [], flags: {} }, ["serve"]],
  [
    { positionals: ["/c.yml"], flags: { san: ["a", "b"], http: [""], addr: [":443"] } },
    ["serve", "--addr", ":443", "--san", "a", "--san", "b", "--http", "/c.yml"],
  ],
])("formatServing(%j), and parseServing() of that", (serving, want) => {
  const words = formatServing(serving);
  expect([words, parseServing(words), isEmpty(serving)]).toEqual([want, serving, want.length === 1]);
});

test.each([[[]], [["gc"]], [["serve", "--none"]], [["serve", "a.yml", "b.yml"]]])(
  "parseServing(%j) is undefined",
  (words) => {
    expect(parseServing(words)).toBeUndefined();
  },
);
