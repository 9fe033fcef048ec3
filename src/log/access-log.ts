// The access log: one line for each request in Apache's combined format, written as distribution writes it.
//
//   192.0.2.1 - alice [28/Nov/2026:21:00:54 +0000] "GET /v2/ HTTP/1.1" 200 2 "" "docker/28"

/** A request that was answered. */
export interface AccessRecord {
  readonly remote: string | undefined;
  readonly user: string | undefined;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly status: number;
  /** Of the body; undefined if it is not known when the answer begins. */
  readonly sizeBytes: number | undefined;
  readonly referrer: string;
  readonly agent: string;
  readonly durationMs: number;
}

/** Where the access log goes. */
export interface AccessLogOptions {
  /** Takes one line with its newline. */
  readonly write: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** An access log. */
export class AccessLog {
  readonly #options: AccessLogOptions;
  #second = Number.NaN;
  #stamp = "";

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  /** Writes the line of a request. */
  record({ remote, user, method, target, status, sizeBytes, referrer, agent, durationMs }: AccessRecord): void {
    const stamp = this.#stampAt(this.#options.now() - durationMs);
    const size = sizeBytes === undefined ? "-" : String(sizeBytes);
    const request = `${escapeText(method)} ${escapeText(target)} HTTP/1.1`;
    const who = `${escapeWord(remote)} - ${escapeWord(user)}`;
    this.#options.write(
      `${who} [${stamp}] "${request}" ${status} ${size} "${escapeText(referrer)}" "${escapeText(agent)}"\n`,
    );
  }

  /** Requests come thousands a second. */
  #stampAt(timeMs: number): string {
    const second = Math.floor(timeMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#stamp = formatStamp(new Date(timeMs));
    }
    return this.#stamp;
  }
}

/** Local time with its distance to UTC. */
function formatStamp(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const offset = -time.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const date = `${two(time.getDate())}/${months[time.getMonth()]}/${time.getFullYear()}`;
  return `${date}:${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${zone}`;
}

/** A field that ends with a space. */
function escapeWord(text: string | undefined): string {
  return text === undefined || text === "" ? "-" : escapeText(text).replaceAll(" ", "\\x20");
}

/** As a string in Go: nothing ends the quotes or the line, and nothing reaches a terminal but ASCII. */
function escapeText(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return text;
  return text.replace(/["\\]/g, "\\$&").replace(/[^ -~]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
