// The frame of every client's tests: each deed is done over plain HTTP and over TLS, the first one through nodes on a
// bucket as well, on a site of its own, and what was done is what docs/clients.md says.
import { describe, expect, test } from "bun:test";
import type { Outcome } from "../e2e/program.ts";
import { agentOf, type ClientName, isThere } from "./clients.ts";
import { areNodesThere } from "./nodes.ts";
import { openSite, type Site, type Way } from "./site.ts";
import { type Row, readRows, writeRows } from "./table.ts";

/** What a client is tried with. */
export interface Trial {
  /** What it does, in words that follow the client's name, and the doing; it throws where anything is not as it should be. The first both pushes and pulls. */
  readonly deeds: Readonly<Record<string, (site: Site) => Promise<void>>>;
  /** An attempt to reach the registry over TLS without the certificate of its authority. */
  readonly untrusting?: (site: Site) => Promise<Outcome>;
}

const refusal = "refuses to connect if it does not know the authority";

/** Declares the tests of a client. */
export function describeClient(client: ClientName, { deeds, untrusting }: Trial): void {
  describe.skipIf(![isThere(client), areNodesThere()].every(Boolean))(client, () => {
    const done = new Map<string, Way[]>();
    const note = (deed: string, way: Way) => done.set(deed, [...(done.get(deed) ?? []), way]);

    const [first] = Object.keys(deeds);
    for (const [deed, act] of Object.entries(deeds)) {
      test.each(["plain HTTP", "TLS"] as const)(`${deed}, over %s`, async (scheme) => {
        await using site = await openSite(scheme);
        await act(site);
        note(deed, scheme);
      });

      if (deed !== first) continue;
      test(`${deed}, through nodes, and fetches blobs from their bucket`, async () => {
        await using site = await openSite("nodes");
        await act(site);
        expect([...site.seenAtBucket]).toContainEqual(expect.stringMatching(agentOf(client)));
        note(deed, "nodes");
      });
    }

    if (untrusting !== undefined) {
      test(refusal, async () => {
        await using site = await openSite("TLS");
        const { code, stdout, stderr } = await untrusting(site);
        expect(code).not.toBe(0);
        expect(`${stdout}${stderr}`).toMatch(/x509|certificate/);
        note(refusal, "TLS");
      });
    }

    test("docs/clients.md says what was done; UPDATE_DOCS=1 writes it", () => {
      const rows: readonly Row[] = [...done].map(([deed, ways]) => ({ client, deed, ways }));
      if (process.env.UPDATE_DOCS === "1") writeRows(client, rows);
      expect(readRows().filter((row) => row.client === client)).toEqual([...rows]);
    });
  });
}
