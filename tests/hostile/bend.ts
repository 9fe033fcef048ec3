// What an attacker, a broken client or a bad line makes of a good request: each way bends one part of it. All of it hangs
// on the seed alone.
import type { Chance } from "../crash/rig/chance.ts";
import { bendBody } from "./bend-body.ts";
import { methods, names, spliceText, words } from "./odd-words.ts";
import { type Field, formatRequest, parseRequest, type RawRequest } from "./raw-request.ts";

type Bend = (request: RawRequest, chance: Chance) => RawRequest;

function changeAt<T>(list: readonly T[], index: number, change: (item: T) => readonly T[]): readonly T[] {
  return list.flatMap((item, at) => (at === index ? change(item) : [item]));
}

const bendMethod: Bend = (request, chance) => ({ ...request, method: chance.pick(methods) });

const bendPath: Bend = (request, chance) => {
  const [path = "", ...query] = request.target.split("?");
  const segments = path.split("/");
  const index = chance.below(segments.length);
  const ways = {
    word: () => changeAt(segments, index, () => [chance.pick(words)]),
    gone: () => changeAt(segments, index, () => []),
    twice: () => changeAt(segments, index, (segment) => [segment, segment]),
    more: () => changeAt(segments, index, (segment) => [segment, chance.pick(words)]),
    spliced: () => changeAt(segments, index, (segment) => [spliceText(segment, chance, chance.pick(words))]),
    encoded: () => changeAt(segments, index, (s) => [s.replaceAll(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`)]),
    absolute: () => ["http:", "", "evil.test", ...segments.slice(1)],
    long: () => [...segments, ..."a".repeat(chance.between(1, 3000))],
  };
  const bent = ways[chance.pick(Object.keys(ways) as (keyof typeof ways)[])]();
  return { ...request, target: [bent.join("/"), ...query].join("?") };
};

const bendQuery: Bend = (request, chance) => {
  const [path = "", query = ""] = request.target.split("?");
  const pairs = query === "" ? [] : query.split("&");
  const keys = [
    "n",
    "last",
    "digest",
    "mount",
    "from",
    "tag",
    "artifactType",
    "digest-algorithm",
    "ns",
    "scope",
    "service",
  ];
  const index = chance.below(pairs.length || 1);
  const value = () => chance.pick(words).replaceAll(/[\0-\x20]/g, "+");
  const ways = {
    added: () => [...pairs, `${chance.pick(keys)}=${value()}`],
    gone: () => changeAt(pairs, index, () => []),
    twice: () => changeAt(pairs, index, (pair) => [pair, pair]),
    word: () => changeAt(pairs, index, (pair) => [`${pair.split("=")[0]}=${value()}`]),
    spliced: () => changeAt(pairs, index, (pair) => [spliceText(pair, chance, value())]),
    many: () => [...pairs, ...Array.from({ length: chance.between(1, 200) }, () => `${chance.pick(keys)}=${value()}`)],
  };
  const bent = ways[chance.pick(Object.keys(ways) as (keyof typeof ways)[])]();
  return { ...request, target: bent.length === 0 ? path : `${path}?${bent.join("&")}` };
};

const bendField: Bend = (request, chance) => {
  const { fields } = request;
  const index = chance.below(fields.length || 1);
  const ways: Record<string, () => readonly Field[]> = {
    word: () => changeAt(fields, index, ([name]) => [[name, chance.pick(words)]]),
    gone: () => changeAt(fields, index, () => []),
    twice: () => changeAt(fields, index, (field) => [field, field]),
    differing: () => changeAt(fields, index, (field) => [field, [field[0], chance.pick(words)]]),
    renamed: () => changeAt(fields, index, ([, value]) => [[chance.pick(names), value]]),
    spliced: () => changeAt(fields, index, ([name, value]) => [[name, spliceText(value, chance, chance.pick(words))]]),
    cased: () => changeAt(fields, index, ([name, value]) => [[name.toUpperCase(), value.toUpperCase()]]),
    folded: () => changeAt(fields, index, ([name, value]) => [[name, `${value}\r\n ${chance.pick(words)}`]]),
    spaced: () => changeAt(fields, index, ([name, value]) => [[`${name} `, value]]),
    added: () => [...fields, [chance.pick(names), chance.pick(words)]],
    long: () => [...fields, ["X-Long", "x".repeat(chance.between(1, 80_000))]],
    many: () => [...fields, ...Array.from({ length: chance.between(1, 300) }, (_, at): Field => [`X-${at}`, "1"])],
    anonymous: () => fields.filter(([name]) => name.toLowerCase() !== "authorization"),
    shuffled: () => fields.toSorted(() => chance.fraction() - 0.5),
  };
  return { ...request, fields: (ways[chance.pick(Object.keys(ways))] ?? (() => fields))() };
};

const bendVersion: Bend = (request, chance) => ({
  ...request,
  version: chance.pick([
    "HTTP/1.0",
    "HTTP/1.1",
    "HTTP/2.0",
    "HTTP/0.9",
    "http/1.1",
    "HTTP/1.1 ",
    "",
    "HTTP/1.10",
    "\t",
  ]),
});

const bends = {
  method: bendMethod,
  path: bendPath,
  query: bendQuery,
  field: bendField,
  body: bendBody,
  version: bendVersion,
};

/** Bytes that are changed wherever they stand. */
function bendBytes(text: string, chance: Chance): string {
  const at = chance.below(text.length);
  const length = chance.between(1, 20);
  const ways = [
    () => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << chance.below(8))) + text.slice(at + 1),
    () => text.slice(0, at) + text.slice(at + length),
    () => text.slice(0, at) + text.slice(at, at + length).repeat(chance.between(2, 20)) + text.slice(at + length),
    () => text.slice(0, at) + Buffer.from(chance.bytes(length)).toString("latin1") + text.slice(at),
    () =>
      text.slice(0, at) +
      chance.pick(["\r\n", "\n", "\r", "\0", "\r\n\r\n", ":", " ", "\t", "\x80"]) +
      text.slice(at + 1),
  ];
  return chance.pick(ways)();
}

/** What comes of a good request. `others` are good requests that may follow it on the connection. */
export function bendRequest(
  request: string,
  { chance, others }: { chance: Chance; others: readonly string[] },
): string {
  const way = chance.weigh({ parts: 55, bytes: 20, both: 10, pipelined: 7, cut: 5, kept: 3 });
  let text = request;
  if (way === "parts" || way === "both" || way === "pipelined") {
    let parts = parseRequest(text);
    const weights = { method: 1, path: 3, query: 2, field: 4, body: 4, version: 0.3 };
    for (let count = chance.between(1, 3); count > 0; count -= 1) parts = bends[chance.weigh(weights)](parts, chance);
    text = formatRequest(parts);
  }
  if (way === "bytes" || way === "both") {
    for (let count = chance.between(1, 4); count > 0; count -= 1) text = text === "" ? "\0" : bendBytes(text, chance);
  }
  if (way === "pipelined") text = chance.happens(0.5) ? text + chance.pick(others) : chance.pick(others) + text;
  return way === "cut" ? text.slice(0, chance.below(text.length)) : text;
}
