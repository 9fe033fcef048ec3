// The log: one line per event, on stderr. Text lines follow distribution's format (logfmt), so that whatever reads its
// logs reads ours.

/** Severities, most severe first. */
export type LogLevel = "error" | "warn" | "info" | "debug";

/** How lines are written. */
export type LogFormat = "text" | "json" | "logstash";

/** What a line says besides its message. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where events go. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** Whether events of this level are written, so that callers need not gather fields for nothing. */
  isOn(level: LogLevel): boolean;
}

/** A logger whose level can be changed while it is in use. */
export interface AdjustableLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** What a logger needs. */
export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Fields of every line; an event's own field of the same name wins. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Takes one line with its newline. */
  readonly write: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const ranks: Record<LogLevel, number> = { error: 0, warn: 1, info: 2, debug: 3 };

/** A logger that writes events of the level and above. */
export function createLogger({ level, format, fields: fixed = {}, write, now }: LoggerOptions): AdjustableLogger {
  let least = ranks[level];
  const always = nameFields(fixed);
  const log =
    (eventLevel: LogLevel) =>
    (message: string, own: LogFields = {}) => {
      if (ranks[eventLevel] > least) return;
      // As distribution spells it.
      const written = eventLevel === "warn" ? "warning" : eventLevel;
      const fields = { ...always, ...own };
      write(`${formatters[format]({ level: written, message, fields, time: new Date(now()).toISOString() })}\n`);
    };
  return {
    error: log("error"),
    warn: log("warn"),
    info: log("info"),
    debug: log("debug"),
    isOn: (eventLevel) => ranks[eventLevel] <= least,
    setLevel: (changed) => {
      least = ranks[changed];
    },
  };
}

/** What every line has by itself, in one format or another. */
const reserved: readonly string[] = ["time", "level", "msg", "message", "@timestamp", "@version"];

/** Configured names as a line can have them: bare in text, and beside the line's own ones under distribution's prefix. */
function nameFields(fields: Readonly<Record<string, string>>): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      const name = key.replace(/[^\w.@-]/g, "_");
      return [reserved.includes(name) ? `fields.${name}` : name, value];
    }),
  );
}

interface Event {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
  readonly time: string;
}

const formatters: Record<LogFormat, (event: Event) => string> = {
  text: ({ level, message, fields, time }) => {
    const pairs = Object.entries({ time, level, msg: message, ...fields });
    return pairs.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${quote(String(value))}`])).join(" ");
  },
  json: ({ level, message, fields, time }) => formatJson({ ...fields, level, msg: message, time }),
  logstash: ({ level, message, fields, time }) =>
    formatJson({ "@timestamp": time, "@version": 1, ...fields, level, message }),
};

/** Bare if that is unambiguous; else a JSON string, so that no value can forge a line or control a terminal. */
function quote(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : formatJson(text);
}

/** Control characters that JSON leaves alone, line separators, and marks of writing direction. */
const steering = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line of JSON that cannot forge another one or steer a terminal. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value).replace(steering, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
