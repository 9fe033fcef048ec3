// A connection on which a test says byte by byte what it sends, and sees what comes back.
import net from "node:net";
import tls from "node:tls";

/** An open connection. */
export interface RawConnection extends Disposable {
  send(bytes: string | Uint8Array): void;
  /** Sends no more; the other side sees the end. */
  end(): void;
  /** Everything that came so far. */
  text(): string;
  /** What came, as soon as it fits the pattern; throws when the connection ends before. */
  seen(pattern: RegExp): Promise<string>;
  /** What came, as soon as it is one whole answer, or once the server has closed the connection. */
  answer(): Promise<string>;
  /** Everything that came, once the server has closed the connection. */
  closed(): Promise<string>;
}

/** How to connect. */
export interface ConnectOptions {
  readonly port: number;
  /** The certificate to trust; undefined for plain text. */
  readonly ca?: string | undefined;
}

/** Connects to the loopback address; fails where nobody listens. */
export async function openConnection({ port, ca }: ConnectOptions): Promise<RawConnection> {
  const opened = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<string>();
  const waiting = new Set<() => void>();
  let text = "";
  let isClosed = false;
  const look = () => {
    for (const wake of [...waiting]) wake();
  };
  const until = (isReached: () => boolean) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => {
      if (!isReached()) return;
      waiting.delete(wake);
      resolve();
    };
    waiting.add(wake);
    wake();
    return promise;
  };
  const to = { host: "127.0.0.1", port };
  const socket = ca === undefined ? net.connect(to, opened.resolve) : tls.connect({ ...to, ca }, opened.resolve);
  socket.setNoDelay(true);
  socket.on("data", (data: Buffer) => {
    text += data.toString("latin1");
    look();
  });
  socket.on("error", opened.reject);
  socket.on("close", () => {
    isClosed = true;
    closing.resolve(text);
    look();
  });
  await opened.promise;
  return {
    send: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    text: () => text,
    seen: async (pattern) => {
      await until(() => pattern.test(text) || isClosed);
      if (pattern.test(text)) return text;
      throw new Error(`the connection ended; ${pattern} did not come: ${text.slice(0, 2000)}`);
    },
    answer: async () => {
      await until(() => isWhole(text) || isClosed);
      return text;
    },
    closed: () => closing.promise,
    [Symbol.dispose]: () => socket.destroy(),
  };
}

function isWhole(text: string): boolean {
  const { status, head, body } = parseAnswer(text);
  return status >= 200 && body.length >= Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
}

/** Status and body of an answer in the text; status 0 where there is none. */
export function parseAnswer(text: string): { readonly status: number; readonly head: string; readonly body: string } {
  const match = /^HTTP\/1\.1 (\d{3}) ([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(text);
  return { status: Number(match?.[1] ?? 0), head: match?.[2] ?? "", body: match?.[3] ?? "" };
}
