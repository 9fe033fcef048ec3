// The frame of every client's tests: each deed is done over plain HTTP and over TLS, on a site of its own, and what was
// done is what docs/clients.md says.
import { describe, expect, test } from "bun:test";
import type { Outcome } from "../e2e/program.ts";
import { type ClientName, isThere } from "./clients.ts";
import { openSite, type Scheme, type Site } from "./site.ts";
import { type Row, readRows, writeRows } from "./table.ts";

/** What a client is tried with. */
export interface Trial {
  /** What it does, in words that follow the client's name, and the doing; it throws where anything is not as it should be. */
  readonly deeds: Readonly<Record<string, (site: Site) => Promise<void>>>;
  /** An attempt to reach the registry over TLS without the certificate of its authority. */
  readonly untrusting?: (site: Site) => Promise<Outcome>;
}

const refusal = "refuses to connect if it does not know the authority";

/** Declares the tests of a client. */
export function describeClient(client: ClientName, { deeds, untrusting }: Trial): void {
  describe.skipIf(!isThere(client))(client, () => {
    const done = new Map<string, Scheme[]>();
    const note = (deed: string, scheme: Scheme) => done.set(deed, [...(done.get(deed) ?? []), scheme]);

    for (const [deed, act] of Object.entries(deeds)) {
      test.each(["plain HTTP", "TLS"] as const)(`${deed}, over %s`, async (scheme) => {
        await using site = await openSite(scheme);
        await act(site);
        note(deed, scheme);
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
      const rows: readonly Row[] = [...done].map(([deed, schemes]) => ({ client, deed, schemes }));
      if (process.env.UPDATE_DOCS === "1") writeRows(client, rows);
      expect(readRows().filter((row) => row.client === client)).toEqual([...rows]);
    });
  });
}
