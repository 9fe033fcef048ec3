// Clients that carry out the calls of the model over the API, and random calls.
import fc from "fast-check";
import { openRegistry } from "../../src/registry/registry.ts";
import { digestOf, type MemoryRegistry, memoryRegistry } from "../http/memory-registry.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { type Answer, type Call, manifests, repositories, tags, texts } from "./model.ts";

/** The sessions that all clients know of: where each one is. */
export type Sessions = string[];

/** A client of a registry over the driver: it asks, and tells of the answer what the model tells. */
export function clientOf(driver: LockedDriver, sessions: Sessions): (call: Call) => Promise<Answer> {
  const rules = { urls: "any", children: "all" } as const;
  const store = { ...driver, now: Date.now, uuid: () => crypto.randomUUID() };
  const registry = memoryRegistry({ driver, registry: openRegistry(store, { rules }) });
  return (call) => ask(registry, call, sessions);
}

async function ask({ ask: send }: MemoryRegistry, call: Call, sessions: Sessions): Promise<Answer> {
  const response = await send(...requestOf(call, sessions));
  const { status, headers } = response;
  const text = await response.text();
  const location = headers.get("location");
  if ((call.kind === "start" || call.kind === "mount") && status === 202) sessions.push(location ?? "");
  if (status === 416) return [status, headers.get("range")];
  if (status >= 400) return [status, text === "" ? "" : JSON.parse(text).errors[0].code];
  switch (call.kind) {
    case "postBlob":
    case "mount":
    case "start":
    case "commit":
    case "put":
      return [status, status === 201 ? headers.get("docker-content-digest") : headers.get("range")];
    case "patch":
    case "status":
    case "cancel":
      return [status, headers.get("range")];
    case "tags":
    case "catalog": {
      const body = JSON.parse(text) as { readonly tags?: string[]; readonly repositories?: string[] };
      return [status, { names: body.tags ?? body.repositories, hasMore: headers.has("link") }];
    }
    case "referrers":
      return [status, (JSON.parse(text) as { manifests: { digest: string }[] }).manifests.map(({ digest }) => digest)];
    default:
      return [status, text];
  }
}

type Request = [method: string, target: string, ask?: { body?: string; headers?: Record<string, string> }];

/** A session that nobody has begun. */
const noSession = "/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000";

function requestOf(call: Call, sessions: Sessions): Request {
  const base = "repository" in call ? `/v2/${call.repository}` : "";
  const session = "session" in call ? (sessions[call.session] ?? noSession) : "";
  switch (call.kind) {
    case "postBlob":
      return ["POST", `${base}/blobs/uploads/?digest=${digestOf(call.text)}`, { body: call.text }];
    case "mount": {
      const from = call.from === undefined ? "" : `&from=${call.from}`;
      return ["POST", `${base}/blobs/uploads/?mount=${digestOf(call.text)}${from}`];
    }
    case "start":
      return ["POST", `${base}/blobs/uploads/`];
    case "patch":
      return ["PATCH", session, { body: call.text, ...contentRange(call) }];
    case "commit":
      return ["PUT", `${session}${session.includes("?") ? "&" : "?"}digest=${call.digest}`, { body: call.text }];
    case "cancel":
      return ["DELETE", session];
    case "status":
      return ["GET", session];
    case "getBlob":
    case "headBlob":
    case "deleteBlob":
      return [{ getBlob: "GET", headBlob: "HEAD", deleteBlob: "DELETE" }[call.kind], `${base}/blobs/${call.digest}`];
    case "put":
      return ["PUT", `${base}/manifests/${call.tag ?? call.manifest.digest}`, { body: call.manifest.text }];
    case "get":
    case "head":
    case "delete":
      return [call.kind.toUpperCase(), `${base}/manifests/${call.reference}`];
    case "tags":
      return ["GET", `${base}/tags/list?n=${call.n}&last=${call.last}`];
    case "catalog":
      return ["GET", `/v2/_catalog?n=${call.n}&last=${call.last}`];
    case "referrers":
      return ["GET", `${base}/referrers/${call.subject}`];
  }
}

function contentRange({ at, text }: { readonly at: number | undefined; readonly text: string }) {
  if (at === undefined) return {};
  return { headers: { "content-range": `${at}-${at + text.length - 1}` } };
}

const repository = fc.constantFrom(...repositories);
const text = fc.constantFrom(...texts);
const digest = text.map((each) => digestOf(each));
const manifest = fc.constantFrom(...manifests);
const tag = fc.constantFrom(...tags);
const reference = fc.oneof(
  tag,
  manifest.map((each) => each.digest),
);
const session = fc.nat({ max: 3 });
const n = fc.integer({ min: 1, max: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const call = <Kind extends Call["kind"], Fields>(
  kind: Kind,
  fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
) => fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Call>;

/** Calls that change what is stored in one of the repositories, each of which takes effect at one moment. */
function changesOf(repository: fc.Arbitrary<string>): fc.Arbitrary<Call> {
  return fc.oneof(
    { weight: 4, arbitrary: call("postBlob", { repository, text }) },
    { weight: 1, arbitrary: call("mount", { repository, text, from: fc.constant(undefined) }) },
    { weight: 2, arbitrary: call("deleteBlob", { repository, digest }) },
    { weight: 6, arbitrary: call("put", { repository, manifest, tag: maybe(tag) }) },
    { weight: 4, arbitrary: call("delete", { repository, reference }) },
  );
}

/** What two clients do at once, and what was there before them: much of it in one repository, so that they meet. */
export interface Race {
  readonly before: readonly Call[];
  readonly first: readonly Call[];
  readonly second: readonly Call[];
}

const whole: readonly Call[] = [
  ...texts.map((each): Call => ({ kind: "postBlob", repository: "a", text: each })),
  ...manifests.map((each): Call => ({ kind: "put", repository: "a", manifest: each, tag: undefined })),
];
const contended = changesOf(fc.oneof({ weight: 9, arbitrary: fc.constant("a") }, { weight: 1, arbitrary: repository }));

/** Any race. */
export const raceArbitrary: fc.Arbitrary<Race> = fc.record({
  before: fc
    .tuple(fc.subarray([...whole], { minLength: whole.length - 3 }), fc.array(contended, { maxLength: 3 }))
    .map(([stocked, more]) => [...stocked, ...more]),
  first: fc.array(contended, { minLength: 1, maxLength: 3 }),
  second: fc.array(contended, { minLength: 1, maxLength: 3 }),
});

/** Any call. */
export const callArbitrary: fc.Arbitrary<Call> = fc.oneof(
  { weight: 12, arbitrary: changesOf(repository) },
  { weight: 1, arbitrary: call("mount", { repository, text, from: maybe(repository) }) },
  { weight: 1, arbitrary: call("start", { repository }) },
  // A chunk that claims a range has bytes.
  {
    weight: 2,
    arbitrary: call("patch", { session, text: fc.constantFrom("x", "y", "yy"), at: maybe(fc.nat({ max: 3 })) }),
  },
  { weight: 2, arbitrary: call("commit", { session, text, digest }) },
  { weight: 1, arbitrary: call("cancel", { session }) },
  { weight: 1, arbitrary: call("status", { session }) },
  { weight: 1, arbitrary: call("getBlob", { repository, digest }) },
  { weight: 1, arbitrary: call("headBlob", { repository, digest }) },
  { weight: 1, arbitrary: call("get", { repository, reference }) },
  { weight: 1, arbitrary: call("head", { repository, reference }) },
  { weight: 1, arbitrary: call("tags", { repository, n, last: fc.constantFrom("", ...tags) }) },
  { weight: 1, arbitrary: call("catalog", { n, last: fc.constantFrom("", ...repositories) }) },
  { weight: 1, arbitrary: call("referrers", { repository, subject: manifest.map((each) => each.digest) }) },
);
