// docs/clients.md speaks of the clients that there are. Whether its rows are true, the run of each client says.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { clients, versionOf } from "./clients.ts";
import { readRows, readVersions } from "./table.ts";

test("docs/clients.md has every client that is tried, in its pinned version, and no other", () => {
  expect([...readVersions()]).toEqual(clients.map(({ name }) => [name, versionOf(name)]));
});

test("every client does something over plain HTTP, over TLS and through nodes", () => {
  const ways = (client: string) => new Set(readRows().flatMap((row) => (row.client === client ? row.ways : [])));
  expect(clients.filter(({ name }) => ways(name).size !== 3)).toEqual([]);
});

test("every client has a file of tests", () => {
  expect(clients.filter(({ name }) => !existsSync(join(import.meta.dir, `${name}.e2e.ts`)))).toEqual([]);
});
