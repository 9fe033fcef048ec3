// A line to an object store that a test can cut: it forwards connections until it is told not to.

/** The line. */
export interface CutLine extends Disposable {
  readonly endpoint: URL;
  /** Ends every connection, and takes no new one until it is mended. */
  cut(): void;
  mend(): void;
}

interface Ends {
  other: Bun.Socket<Ends> | undefined;
  readonly waiting: Uint8Array[];
}

/** A line to where the store listens. */
export function openCutLine(target: URL): CutLine {
  let isCut = false;
  const open = new Set<Bun.Socket<Ends>>();
  const forward = {
    data: ({ data }: Bun.Socket<Ends>, bytes: Buffer) => {
      if (data.other === undefined) data.waiting.push(Uint8Array.from(bytes));
      else data.other.write(Uint8Array.from(bytes));
    },
    close: (socket: Bun.Socket<Ends>) => {
      open.delete(socket);
      socket.data.other?.end();
    },
    error: () => {},
  };
  const server = Bun.listen<Ends>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      ...forward,
      open: async (socket) => {
        socket.data = { other: undefined, waiting: [] };
        if (isCut) return void socket.terminate();
        open.add(socket);
        const connecting = Bun.connect<Ends>({
          hostname: target.hostname,
          port: Number(target.port),
          data: { other: socket, waiting: [] },
          socket: { ...forward, open: (other) => void open.add(other) },
        });
        const other = await connecting.catch(() => undefined);
        if (other === undefined) return void socket.terminate();
        for (const bytes of socket.data.waiting.splice(0)) other.write(bytes);
        socket.data.other = other;
      },
    },
  });
  return {
    endpoint: new URL(`http://127.0.0.1:${server.port}`),
    cut: () => {
      isCut = true;
      for (const socket of open) socket.terminate();
    },
    mend: () => {
      isCut = false;
    },
    [Symbol.dispose]: () => server.stop(true),
  };
}
