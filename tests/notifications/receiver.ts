// A receiver of webhooks, and a CI trigger as people write them: it starts a job for each tag that is pushed.

/** An event as receivers read it. */
export interface ReceivedEvent {
  readonly id: string;
  readonly action: string;
  readonly target: {
    readonly repository: string;
    readonly digest?: string;
    readonly tag?: string;
    readonly mediaType?: string;
  };
}

/** One request of the registry. */
export interface ReceivedRequest {
  readonly type: string | null;
  readonly headers: Headers;
  readonly text: string;
}

/** A receiver that listens. */
export interface Receiver extends Disposable {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly ReceivedRequest[];
  events(): readonly ReceivedEvent[];
  /** The jobs that a CI would start: `repository:tag@digest`, once for each event. */
  jobs(): readonly string[];
}

/** How it answers; with 200 where absent. */
export type Answer = () => Response | Promise<Response>;

/** Listens on the loopback interface; only requests that are answered with a success are kept. */
export function startReceiver({
  answer,
  port = 0,
}: {
  readonly answer?: Answer;
  readonly port?: number;
} = {}): Receiver {
  const requests: ReceivedRequest[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    fetch: async (request) => {
      const text = await request.text();
      const response = (await answer?.()) ?? new Response("ok");
      if (response.ok) requests.push({ type: request.headers.get("content-type"), headers: request.headers, text });
      return response;
    },
  });
  const events = () => requests.flatMap(({ text }) => (JSON.parse(text) as { events: ReceivedEvent[] }).events);
  return {
    url: `http://127.0.0.1:${server.port}/hook`,
    port: server.port ?? 0,
    requests,
    events,
    jobs: () => {
      const pushes = events().filter(({ action, target }) => action === "push" && target.tag !== undefined);
      const unique = new Map(pushes.map((event) => [event.id, event.target]));
      return [...unique.values()].map(({ repository, tag, digest }) => `${repository}:${tag}@${digest}`);
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}
