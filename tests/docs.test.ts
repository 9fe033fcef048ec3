// The generated parts of docs/ say what the tables in the sources say. `UPDATE_DOCS=1 bun test tests/docs.test.ts`
// writes them anew.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startApp } from "../src/app.ts";
import { loadConfiguration } from "../src/config/load.ts";
import { listNodes, type Node } from "../src/config/node.ts";
import { root } from "../src/config/schema.ts";
import { streamTo } from "./log/stream.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const path = join(import.meta.dir, "../docs/configuration.md");

function formatDefault(value: unknown): string {
  const isEmpty = value === undefined || (typeof value === "object" && Object.keys(value ?? {}).length === 0);
  return isEmpty ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function formatRow({ path, about: { inFile, description = "" }, fallback }: Node): string {
  const withoutFile = inFile === undefined ? "" : formatDefault(fallback) || "the first usable place";
  return `| \`${path}\` | ${formatDefault(inFile ?? fallback)} | ${withoutFile} | ${description.replaceAll("|", "\\|")} |`;
}

function keysTable(): string {
  const header = "| key | default | default without a file | what it does |\n|---|---|---|---|";
  return [
    header,
    ...listNodes(root)
      .filter(({ about }) => about.description !== undefined)
      .map(formatRow),
  ].join("\n");
}

test("docs/configuration.md lists the keys of the schema", () => {
  const text = readFileSync(path, "utf8");
  const [before, rest] = text.split("<!-- keys: written from src/config/schema.ts -->\n") as [string, string];
  const after = rest.slice(rest.indexOf("<!-- end -->"));
  const want = `${before}<!-- keys: written from src/config/schema.ts -->\n${keysTable()}\n${after}`;
  if (process.env.UPDATE_DOCS === "1") writeFileSync(path, want);
  expect(readFileSync(path, "utf8")).toEqual(want);
});

const repository = join(import.meta.dir, "..");
const documents = readdirSync(join(repository, "docs")).filter((name) => name.endsWith(".md"));
const pages = ["README.md", ...documents.map((name) => `docs/${name}`)];
const examples = pages.flatMap((page) =>
  [...readFileSync(join(repository, page), "utf8").matchAll(/```yaml\n(version: 0\.1\n[^`]*)```/g)].map(
    ([, text = ""]) => text,
  ),
);

test.each(examples.map((text, index) => [index + 1, text] as const))(
  "example %d loads without a warning",
  async (_n, text) => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "config.yml");
    writeFileSync(file, text);
    const { warnings } = await loadConfiguration({ path: file, env: {}, flags: {} });
    expect(warnings).toEqual([]);
  },
);

const monitoringPath = join(import.meta.dir, "../docs/monitoring.md");

/** One row for each metric that a server serves, from its own HELP and TYPE lines. */
async function metricsTable(): Promise<string> {
  using directory = temporaryDirectory();
  const log: string[] = [];
  const env = {
    REGISTRY_HTTP_DEBUG_ADDR: "127.0.0.1:0",
    REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: "true",
    REGISTRY_NOTIFICATIONS_ENDPOINTS: "[{name: none, url: 'http://127.0.0.1:9/'}]",
  };
  const flags = { addr: ["127.0.0.1:0"], data: [directory.path], http: [""] };
  const loaded = await loadConfiguration({ path: undefined, env, flags });
  const streams = { logStream: streamTo(log), accessStream: streamTo([]) };
  const app = await startApp(loaded, { env, now: Date.now, ...streams, print: () => {} });
  const port = /another address.*port=(\d+)/.exec(log.join(""))?.[1];
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await app.stop();
  const metrics = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)];
  const rows = metrics.map(([, name, help, kind]) => `| \`${name}\` | ${kind} | ${help} |`).sort();
  return ["| metric | type | what it tells |", "|---|---|---|", ...rows].join("\n");
}

test("docs/monitoring.md lists the metrics of a server", async () => {
  const marker = "<!-- metrics: written from what a server serves -->\n";
  const [before, rest = ""] = readFileSync(monitoringPath, "utf8").split(marker);
  const want = `${before}${marker}${await metricsTable()}\n${rest.slice(rest.indexOf("<!-- end -->"))}`;
  if (process.env.UPDATE_DOCS === "1") writeFileSync(monitoringPath, want);
  expect(readFileSync(monitoringPath, "utf8")).toEqual(want);
});
