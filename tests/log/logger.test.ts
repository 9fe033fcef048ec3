import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLogger, type LogFields, type LogFormat, type LogLevel } from "../../src/log/logger.ts";

const time = "2026-01-02T03:04:05.678Z";

/** What a logger writes. */
function written(
  options: { readonly level?: LogLevel; readonly format?: LogFormat },
  work: (logger: ReturnType<typeof createLogger>) => void,
) {
  const lines: string[] = [];
  work(
    createLogger({
      level: options.level ?? "debug",
      format: options.format ?? "text",
      write: (line) => void lines.push(line),
      now: () => Date.parse(time),
    }),
  );
  return lines;
}

test.each([
  ["error", ["error"]],
  ["warn", ["error", "warning"]],
  ["info", ["error", "warning", "info"]],
  ["debug", ["error", "warning", "info", "debug"]],
] as const)("a logger of level %s writes that and graver events", (level, want) => {
  const lines = written({ level, format: "json" }, (logger) => {
    logger.error("x");
    logger.warn("x");
    logger.info("x");
    logger.debug("x");
  });
  expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual([...want]);
});

describe("a line in text", () => {
  test.each<[string, LogFields, string]>([
    ["started", {}, "level=info msg=started"],
    ["two words", {}, 'level=info msg="two words"'],
    ["", {}, 'level=info msg=""'],
    ["x", { status: 200, ok: true, ms: 1.5 }, "level=info msg=x status=200 ok=true ms=1.5"],
    ["x", { absent: undefined }, "level=info msg=x"],
    ["x", { url: "http://a/v2/?n=1" }, 'level=info msg=x url="http://a/v2/?n=1"'],
    ["x", { path: "/v2/a/b" }, "level=info msg=x path=/v2/a/b"],
    ["x", { agent: 'a" level=error msg="forged' }, 'level=info msg=x agent="a\\" level=error msg=\\"forged"'],
    ["x", { agent: "a\nlevel=error" }, 'level=info msg=x agent="a\\nlevel=error"'],
    ["x", { agent: "\u001b[31m" }, 'level=info msg=x agent="\\u001b[31m"'],
    ["x", { agent: "\u009b31m\u007f\u2028" }, 'level=info msg=x agent="\\u009b31m\\u007f\\u2028"'],
    ["x", { agent: "\u202egnp" }, 'level=info msg=x agent="\\u202egnp"'],
    ["x", { agent: "é" }, 'level=info msg=x agent="é"'],
  ])("%p %p", (message, fields, want) => {
    expect(written({}, (logger) => logger.info(message, fields))).toEqual([`time=${time} ${want}\n`]);
  });

  test("spells warnings as distribution does", () => {
    expect(written({}, (logger) => logger.warn("x"))).toEqual([`time=${time} level=warning msg=x\n`]);
  });

  test("stays one line, whatever the values", () => {
    const unit = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(unit, unit, (message, agent) => {
        const [line = ""] = written({}, (logger) => logger.info(message, { agent }));
        return /^[^\p{Cc}\u2028\u2029]*\n$/u.test(line);
      }),
    );
  });
});

test.each<LogFormat>(["json", "logstash"])(
  "nothing in a line in %s steers a terminal, and what was said is read",
  (format) => {
    const text = "\u007f\u0080\u009b31m\u009f\u2028\u202e\u2066é";
    const [line = ""] = written({ format }, (logger) => logger.info(text, { [text]: text }));
    const read = JSON.parse(line) as Record<string, unknown>;
    expect(line).toMatch(/^[^\p{Cc}\p{Cf}\u2028\u2029]*\n$/u);
    expect([read[text], read.msg ?? read.message]).toEqual([text, text]);
  },
);

test.each<[LogFormat, object]>([
  ["json", { status: 200, level: "warning", msg: 'a "b"\nc', time }],
  ["logstash", { "@timestamp": time, "@version": 1, status: 200, level: "warning", message: 'a "b"\nc' }],
])("a line in %s is one JSON object", (format, want) => {
  const lines = written({ format }, (logger) => logger.warn('a "b"\nc', { status: 200, absent: undefined }));
  expect([lines.length, lines[0]?.split("\n").length, JSON.parse(lines[0] ?? "")]).toEqual([1, 2, want]);
});
