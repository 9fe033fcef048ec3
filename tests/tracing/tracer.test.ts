import { describe, expect, test } from "bun:test";
import type { Sampler } from "../../src/tracing/settings.ts";
import type { Span } from "../../src/tracing/span.ts";
import { type RequestTrace, Tracer } from "../../src/tracing/tracer.ts";

const caller = "4bf92f3577b34da6a3ce929d0e0e4736";
const above = "00f067aa0ba902b7";
const parent = (flags = "01") => new Headers({ traceparent: `00-${caller}-${above}-${flags}`, tracestate: "a=1" });

/** Identifiers count from 1, and so does the clock. */
function tracer(sampler?: Sampler) {
  const spans: Span[] = [];
  let [ids, time] = [0, 0];
  const made = new Tracer({
    now: () => {
      time += 1;
      return time;
    },
    random: (bytes) => {
      ids += 1;
      return ids.toString(16).padStart(bytes * 2, "0");
    },
    recording: sampler === undefined ? undefined : { sampler, add: (span) => void spans.push(span) },
  });
  return { tracer: made, spans };
}

const all: Sampler = { followsCaller: true, ratio: 1 };
const ending = (name: string) => ({ name, attributes: {}, failure: undefined });

test("without a collector there is nothing but what a caller sent, which is passed on as it came", async () => {
  const { tracer: made } = tracer();
  expect([made.begin(new Headers()), made.begin(new Headers({ traceparent: "nonsense" }))]).toEqual([
    undefined,
    undefined,
  ]);
  const trace = made.begin(parent("00"));
  const headers = await made.within(trace as RequestTrace, async () => {
    await Promise.resolve();
    return made.call()?.headers;
  });
  expect([headers, made.call()]).toEqual([{ traceparent: `00-${caller}-${above}-00`, tracestate: "a=1" }, undefined]);
});

test("a request and what it asks of others are spans of the caller's trace", () => {
  const { tracer: made, spans } = tracer(all);
  const trace = made.begin(parent()) as RequestTrace;
  const headers = made.within(trace, () => {
    const call = made.call();
    call?.end(ending("GET"));
    return call?.headers;
  });
  made.end(trace, () => ending("GET /v2/"));
  const [own, called] = ["1".padStart(16, "0"), "2".padStart(16, "0")];
  expect(headers).toEqual({ traceparent: `00-${caller}-${called}-01`, tracestate: "a=1" });
  expect(spans).toMatchObject([
    { traceId: caller, spanId: called, parentId: own, kind: "client", name: "GET", startMs: 2, endMs: 3, state: "a=1" },
    { traceId: caller, spanId: own, parentId: above, kind: "server", name: "GET /v2/", startMs: 1, endMs: 4 },
  ]);
});

test("requests at the same time do not mix their traces", async () => {
  const { tracer: made } = tracer(all);
  const ask = async (turns: number) => {
    const trace = made.begin(new Headers()) as RequestTrace;
    return await made.within(trace, async () => {
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      return made.call()?.headers.traceparent?.includes(trace.context.traceId);
    });
  };
  expect(await Promise.all([ask(3), ask(1), ask(2)])).toEqual([true, true, true]);
});

describe("whether a trace is recorded", () => {
  test.each<[string, Sampler, Headers, boolean | undefined]>([
    ["by the caller's word", all, parent("01"), true],
    ["by the caller's word", all, parent("00"), false],
    ["by ours where there is no caller", all, new Headers(), true],
    ["by the caller's word", { followsCaller: true, ratio: 0 }, parent("01"), true],
    ["not at all", { followsCaller: true, ratio: 0 }, new Headers(), undefined],
    ["whatever the caller says", { followsCaller: false, ratio: 0 }, parent("01"), false],
    ["whatever the caller says", { followsCaller: false, ratio: 1 }, parent("00"), true],
    ["by the identifier", { followsCaller: false, ratio: 0.81 }, parent("00"), true],
    ["by the identifier", { followsCaller: false, ratio: 0.8 }, parent("00"), false],
  ])("%s: %j %j", (_how, sampler, headers, want) => {
    const { tracer: made, spans } = tracer(sampler);
    const trace = made.begin(headers);
    if (trace !== undefined) made.end(trace, () => ending("x"));
    expect([trace?.isRecorded, spans.length]).toEqual([want, want === true ? 1 : 0]);
  });
});
