import { describe, expect, test } from "bun:test";
import type { Identity } from "../../src/auth/identity.ts";
import { OpenSessions, sessionOwner } from "../../src/http/open-sessions.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { parseRepositoryName } from "../../src/oci/name.ts";

const name =
  parseRepositoryName("a/b") ??
  (() => {
    throw new Error("a/b is a name");
  })();
const minuteMs = 60_000;

/** Two sessions for each caller, in a store that knows which ones are open, at a time that the test sets. */
function opened(most = 2) {
  const clock = { nowMs: 0 };
  const open = new Set<string>();
  const sessions = new OpenSessions(most, () => clock.nowMs);
  let count = 0;
  let looks = 0;
  const start = async () => {
    count += 1;
    open.add(String(count));
    return String(count);
  };
  const isOpen = async ({ id }: { readonly id: string }) => {
    looks += 1;
    return open.has(id);
  };
  const ask = async (owner: string) => {
    try {
      return await sessions.of(owner).open(name, { start, isOpen });
    } catch (error) {
      return error instanceof RegistryError ? [error.code, error.refusal.retryAfterSeconds] : error;
    }
  };
  return { sessions, ask, clock, open, looks: () => looks };
}

const refused = ["TOO_MANY_REQUESTS", 30];

describe("OpenSessions", () => {
  test("refuses one caller's third session, and not another's, until one has ended", async () => {
    const { sessions, ask } = opened();
    const seen = [await ask("a"), await ask("a"), await ask("a"), await ask("b")];
    sessions.of("a").ended("1");
    expect([...seen, await ask("a")]).toEqual(["1", "2", refused, "3", "4"]);
  });

  test("counts sessions that are just being opened", async () => {
    const { ask } = opened();
    expect(await Promise.all([ask("a"), ask("a"), ask("a")])).toEqual(["1", "2", refused]);
  });

  test("finds out what another process has ended, and looks no more often than every ten seconds", async () => {
    const { ask, clock, open, looks } = opened();
    await ask("a");
    await ask("a");
    const before = [await ask("a"), looks()];
    open.delete("1");
    const soon = [await ask("a"), looks()];
    clock.nowMs = 10_000;
    expect([before, soon, await ask("a"), looks()]).toEqual([[refused, 2], [refused, 2], "3", 4]);
  });

  test("does not count what nobody has used for an hour", async () => {
    const { sessions, ask, clock } = opened();
    await ask("a");
    await ask("a");
    clock.nowMs = 50 * minuteMs;
    sessions.of("a").used("2");
    clock.nowMs = 60 * minuteMs;
    expect([await ask("a"), await ask("a")]).toEqual(["3", refused]);
  });

  test("does not count one that could not be opened", async () => {
    const { sessions, ask } = opened();
    const start = async () => {
      throw new Error("the disk is full");
    };
    const isOpen = async () => true;
    for (let count = 0; count < 3; count += 1) {
      expect(sessions.of("a").open(name, { start, isOpen })).rejects.toThrow("the disk is full");
    }
    expect(await ask("a")).toBe("1");
  });

  test("without a limit keeps nothing in mind", async () => {
    const { ask, looks } = opened(Number.POSITIVE_INFINITY);
    for (let count = 1; count <= 100; count += 1) expect(await ask("a")).toBe(String(count));
    expect(looks()).toBe(0);
  });
});

test.each<[Identity, string, string]>([
  [{ kind: "anonymous" }, "192.0.2.1", "anonymous 192.0.2.1"],
  [{ kind: "anonymous" }, "2001:db8:1:2:3::4", "anonymous 2001:db8:1:2"],
  [{ kind: "user", name: "alice" }, "192.0.2.1", "user alice"],
  [{ kind: "workload", name: "repo:a", groups: [], claims: {} }, "192.0.2.1", "workload oidc:repo:a"],
])("sessionOwner() of %j at %s is %s", (identity, remote, want) => {
  expect(sessionOwner({ identity, grant: undefined }, remote)).toBe(want);
});
