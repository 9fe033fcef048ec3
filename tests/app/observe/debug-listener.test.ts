import { expect, test } from "bun:test";
import { openDebugListener } from "../../../src/app/observe/debug-listener.ts";
import { StartError } from "../../../src/app/start-error.ts";
import { Health } from "../../../src/http/health.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { load } from "../../config/written-file.ts";

const logger = createLogger({ level: "error", format: "text", write: () => undefined, now: () => 0 });

async function opened(debug: string) {
  const { configuration } = await load({ text: `version: 0.1\nhttp: {debug: ${debug}}\n` });
  return openDebugListener(configuration, {
    health: new Health(),
    formatMetrics: () => new Metrics().format(),
    logger,
  });
}

test.each([
  ["{addr: '127.0.0.1:0'}", [404, 404, 200]],
  ["{addr: '127.0.0.1:0', prometheus: {enabled: true}}", [200, 404, 200]],
  ["{addr: '127.0.0.1:0', prometheus: {enabled: true, path: /m}}", [404, 200, 200]],
])("http.debug %s", async (debug, want) => {
  const listener = await opened(debug);
  const answers = await Promise.all(
    ["/metrics", "/m", "/debug/health"].map((path) => fetch(`http://127.0.0.1:${listener?.port}${path}`)),
  );
  await listener?.stop();
  expect(answers.map(({ status }) => status)).toEqual(want);
});

test("without an address nothing listens", async () => {
  expect(await opened("{prometheus: {enabled: true}}")).toBeUndefined();
});

test("an address that is taken is one clear error", async () => {
  using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const error = await opened(`{addr: '127.0.0.1:${other.port}'}`).catch((reason: unknown) => reason);
  expect(error instanceof StartError && error.message).toMatch(
    /already in use; stop the program that listens there, or choose another address with http\.debug\.addr$/,
  );
});
