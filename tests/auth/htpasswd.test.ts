import { describe, expect, test } from "bun:test";
import { hashPassword, PasswordChecker, parseHtpasswd } from "../../src/auth/htpasswd.ts";
import { longestTurnMs } from "../turns.ts";

const hash = (password: string, cost = 4) => Bun.password.hash(password, { algorithm: "bcrypt", cost });

describe("parseHtpasswd()", () => {
  test("reads users, and skips comments and blank lines", async () => {
    const [one, two] = [await hash("1"), (await hash("2")).replace("$2b", "$2y")];
    const hashes = parseHtpasswd(`# users\r\nalice:${one}\r\n\r\nbob:${two}  \n`);
    expect([...hashes]).toEqual([
      ["alice", one],
      ["bob", two],
    ]);
  });

  test.each([
    ["MD5", "alice:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00", "line 1 does not hold a bcrypt hash"],
    ["SHA-1", "\nalice:{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ=", "line 2 does not hold a bcrypt hash"],
    ["plain text", "alice:secret", "line 1 does not hold a bcrypt hash"],
    ["no colon", "alice", "line 1 is not of the form user:hash"],
    ["the name of nobody", "\nanonymous:x", "line 2: callers without credentials are anonymous"],
    ["no user", ":$2y$05$abc", "line 1 is not of the form user:hash"],
  ])("refuses %s", (_what, text, problem) => {
    expect(() => parseHtpasswd(text)).toThrow(problem);
  });
});

describe("a PasswordChecker", () => {
  test("tells right from wrong, also where a password is empty", async () => {
    const hashes = new Map([["alice", await hash("secret")]]);
    const checker = new PasswordChecker({ now: () => 0 });
    const asked = [
      ["alice", "secret"],
      ["alice", "Secret"],
      ["alice", ""],
      ["eve", "secret"],
      ["", ""],
    ] as const;
    const answers = [];
    for (const [username, password] of asked) answers.push(await checker.check(hashes, { username, password }));
    expect(answers).toEqual([true, false, false, false, false]);
  });

  test("cuts passwords at 72 bytes, as htpasswd does", async () => {
    const long = "ä".repeat(36);
    const hashes = new Map([["alice", await hashPassword(`${long}tail`)]]);
    const checker = new PasswordChecker({ now: () => 0 });
    expect([
      await checker.check(hashes, { username: "alice", password: `${long}another` }),
      await checker.check(hashes, { username: "alice", password: long.slice(1) }),
    ]).toEqual([true, false]);
  });

  test("remembers a right password for a minute, as long as its hash is the same", async () => {
    let nowMs = 0;
    const checker = new PasswordChecker({ now: () => nowMs });
    const hashes = new Map([["alice", await hash("secret", 8)]]);
    const timed = async (users: ReadonlyMap<string, string>) => {
      const startedMs = performance.now();
      const isRight = await checker.check(users, { username: "alice", password: "secret" });
      return { isRight, ms: performance.now() - startedMs };
    };
    const first = await timed(hashes);
    // The best of some times: whatever else the machine does is not part of remembering.
    const again = [await timed(hashes), await timed(hashes), await timed(hashes), await timed(hashes)];
    const second = { isRight: again.every(({ isRight }) => isRight), ms: Math.min(...again.map(({ ms }) => ms)) };
    expect([first.isRight, second.isRight, second.ms < first.ms / 4]).toEqual([true, true, true]);
    expect((await timed(new Map([["alice", await hash("other")]]))).isRight).toBe(false);
    nowMs = 60_001;
    expect((await timed(hashes)).ms).toBeGreaterThan(second.ms);
  });

  test("takes as long for an unknown user as for a wrong password", async () => {
    const checker = new PasswordChecker({ now: () => 0 });
    const hashes = new Map([["alice", await hash("secret", 9)]]);
    await checker.check(hashes, { username: "eve", password: "x" });
    const timed = async (user: string) => {
      const startedMs = performance.now();
      await checker.check(hashes, { username: user, password: "wrong" });
      return performance.now() - startedMs;
    };
    // The best of some times each, in turns: a machine that is busy at one moment says nothing about the user.
    let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const isAlike = () => unknown > known / 3 && unknown < known * 3;
    for (let attempt = 0; attempt < 20 && (attempt < 3 || !isAlike()); attempt += 1) {
      known = Math.min(known, await timed("alice"));
      unknown = Math.min(unknown, await timed("eve"));
    }
    expect(isAlike()).toBe(true);
  });

  test("hashes beside the thread that serves", async () => {
    const checker = new PasswordChecker({ now: () => 0 });
    const hashes = new Map([["alice", await hash("secret", 11)]]);
    const startedMs = performance.now();
    const turnMs = await longestTurnMs(async () => {
      await checker.check(hashes, { username: "alice", password: "wrong" });
    });
    expect(turnMs).toBeLessThan((performance.now() - startedMs) / 2);
  });

  test("computes few hashes at once, lets some wait, and turns the rest away", async () => {
    const checker = new PasswordChecker({ now: () => 0 });
    const hashes = new Map([["alice", await hash("secret")]]);
    const asked = Array.from({ length: 100 }, (_, index) =>
      checker.check(hashes, { username: "alice", password: `wrong ${index}` }),
    );
    const answers = await Promise.all(asked);
    expect([
      answers.filter((answer) => answer === false).length,
      answers.filter((answer) => answer === undefined).length,
    ]).toEqual([66, 34]);
    expect(await checker.check(hashes, { username: "alice", password: "secret" })).toBe(true);
  });
});

test("what may be a guess is told before it is hashed; what is remembered is none", async () => {
  const checker = new PasswordChecker({ now: () => 0 });
  const hashes = new Map([["alice", await hash("secret")]]);
  let guesses = 0;
  const note = () => {
    guesses += 1;
  };
  const check = (password: string) => checker.check(hashes, { username: "alice", password }, note);
  for (const password of ["secret", "secret", "wrong", "wrong"]) await check(password);
  expect(guesses).toBe(3);
});
