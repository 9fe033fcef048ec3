import { expect, test } from "bun:test";
import { UploadClaims } from "../../src/storage/upload-claims.ts";

const yes = () => true;

/** What a claim needs. */
function claimOf(waitMs: number) {
  return { waitMs, preempted: new AbortController() };
}

test("UploadClaims gives one claim at a time, and the next after its release", async () => {
  const claims = new UploadClaims();
  const first = claimOf(0);
  const answers = [await claims.claim("a", first, yes), await claims.claim("a", claimOf(0), yes)];
  claims.release("a", first.preempted);
  expect([...answers, await claims.claim("a", claimOf(0), yes), await claims.claim("b", claimOf(0), yes)]).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test("UploadClaims tries again while `take` is refused, as by another process", async () => {
  const claims = new UploadClaims();
  const answers = [false, false, true];
  expect([await claims.claim("a", claimOf(4000), () => answers.shift() ?? false), answers]).toEqual([true, []]);
});

test("UploadClaims never takes while somebody here holds it", async () => {
  const claims = new UploadClaims();
  await claims.claim("a", claimOf(0), yes);
  let taken = 0;
  const isHeld = await claims.claim("a", claimOf(20), () => {
    taken += 1;
    return true;
  });
  expect([isHeld, taken]).toEqual([false, 0]);
});

test("UploadClaims ends every older claim for a newer one, and none for one that does not wait", async () => {
  const claims = new UploadClaims();
  const [holder, older, newest] = [claimOf(4000), claimOf(4000), claimOf(4000)];
  await claims.claim("a", holder, yes);
  await claims.claim("a", claimOf(0), yes);
  const before = holder.preempted.signal.aborted;
  const waiting = claims.claim("a", older, yes);
  const winning = claims.claim("a", newest, yes);
  const olderIsHeld = await waiting;
  claims.release("a", holder.preempted);
  expect([
    before,
    holder.preempted.signal.aborted,
    older.preempted.signal.aborted,
    olderIsHeld,
    await winning,
    newest.preempted.signal.aborted,
  ]).toEqual([false, true, true, false, true, false]);
});
