// A client that costs little, so that the server is what is timed: HTTP/1.1 over kept connections, one request at a time
// on each, heads written and read as plain text. It knows answers with a Content-Length only, which both registries send.

/** What came back; the body was counted and thrown away. */
export interface Answer {
  readonly status: number;
  readonly location: string;
}

/** One request. */
export interface Ask {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly body?: Uint8Array;
  readonly type?: string;
  readonly accept?: string;
}

/** A connection to one registry. */
export interface Connection extends Disposable {
  send(ask: Ask): Promise<Answer>;
}

interface Reading {
  head: string;
  answer: Answer | undefined;
  leftBytes: number;
  writing: Uint8Array;
  readonly settle: { resolve(answer: Answer): void; reject(error: unknown): void };
}

const headEnd = "\r\n\r\n";
const decoder = new TextDecoder("latin1");

/** Connects to the host and port of the URL. */
export async function connect(url: string): Promise<Connection> {
  const { hostname, port, host } = new URL(url);
  let reading: Reading | undefined;
  const fail = (error: unknown) => reading?.settle.reject(error);
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_socket, chunk) => {
        if (reading !== undefined && take(reading, chunk)) reading = undefined;
      },
      drain: () => {
        if (reading !== undefined) write(reading);
      },
      close: () => fail(new Error("the connection was closed")),
      error: (_socket, error) => fail(error),
    },
  });
  const write = (current: Reading) => {
    while (current.writing.length > 0) {
      const written = socket.write(current.writing);
      if (written <= 0) return;
      current.writing = current.writing.subarray(written);
    }
  };
  return {
    send: (ask) =>
      new Promise((resolve, reject) => {
        const body = ask.body ?? new Uint8Array();
        reading = { head: "", answer: undefined, leftBytes: 0, writing: body, settle: { resolve, reject } };
        socket.write(formatHead(ask, host, body.length));
        write(reading);
      }),
    [Symbol.dispose]: () => socket.end(),
  };
}

function formatHead({ method, target, type, accept }: Ask, host: string, sizeBytes: number): string {
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, `Content-Length: ${sizeBytes}`];
  if (type !== undefined) lines.push(`Content-Type: ${type}`);
  // docker-registry answers 404 for an OCI manifest that is not asked for by its type.
  if (accept !== undefined) lines.push(`Accept: ${accept}`);
  return lines.join("\r\n") + headEnd;
}

/** Takes bytes in; true when the answer is complete. */
function take(reading: Reading, chunk: Uint8Array): boolean {
  let bytes = chunk;
  if (reading.answer === undefined) {
    const before = reading.head.length;
    reading.head += decoder.decode(chunk);
    const end = reading.head.indexOf(headEnd);
    if (end === -1) return false;
    bytes = chunk.subarray(end + headEnd.length - before);
    const head = reading.head.slice(0, end);
    reading.answer = { status: Number(head.slice(9, 12)), location: headerOf(head, "location") };
    reading.leftBytes = Number(headerOf(head, "content-length") || 0);
  }
  reading.leftBytes -= bytes.length;
  if (reading.leftBytes > 0) return false;
  reading.settle.resolve(reading.answer);
  return true;
}

function headerOf(head: string, name: string): string {
  return new RegExp(`\r\n${name}: *([^\r]*)`, "i").exec(head)?.[1] ?? "";
}
