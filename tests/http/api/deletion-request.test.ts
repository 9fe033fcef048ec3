import { expect, test } from "bun:test";
import { parseOrder, parseSelection } from "../../../src/http/api/deletion-request.ts";
import { RegistryError } from "../../../src/oci/errors.ts";
import { digestOf, utf8 } from "../memory-registry.ts";

async function outcome(work: Promise<unknown>): Promise<unknown> {
  return await work.catch((error) => (error instanceof RegistryError ? error.refusal.message : error));
}

test("parseSelection() reads tags, digests, a filter, or everything", async () => {
  const digest = digestOf("x");
  const { matches, ...rest } = await parseSelection(
    utf8(JSON.stringify({ tags: ["v1"], digests: [digest], filter: "pr-*", repository: false })),
  );
  expect(rest).toEqual({ tags: ["v1"], digests: [digest], isEverything: false } as never);
  expect(["pr-1", "xpr-1"].map((tag) => matches?.(tag as never))).toEqual([true, false]);
  expect(await parseSelection(utf8(`{"repository":true}`))).toMatchObject({ isEverything: true, tags: [] });
});

test.each([
  ["", "the body is not valid JSON"],
  ["[]", "the body is not a JSON object"],
  ["{}", "nothing is selected"],
  [`{"tags":[]}`, "nothing is selected"],
  [`{"filter":""}`, "filter is a part of a tag"],
  [`{"filter":3}`, "filter is a part of a tag"],
  [`{"tags":"v1"}`, "tags is not a list"],
  [`{"tags":["v1",".."]}`, `tags has an entry that is none: ".."`],
  [`{"digests":["v1"]}`, "digests has an entry that is none"],
  [`{"repository":"yes"}`, "repository is true or false"],
  [`{"tag":["v1"]}`, `"tag" is none of tags, filter, digests, repository`],
  [JSON.stringify({ tags: Array(20_001).fill("v1") }), "tags has more than 20000 entries"],
])("parseSelection() refuses %p", async (text, problem) => {
  const found = await outcome(parseSelection(utf8(text)));
  // The words about broken JSON are the parser's own.
  if (text === "") expect(typeof found).toBe("string");
  else expect(found).toContain(problem);
});

test("parseOrder() reads what a plan said", async () => {
  const [digest, child, signature] = [digestOf("x"), digestOf("child"), digestOf("signature")];
  const manifests = [digest, { digest: child, because: "child" }, { digest: signature, because: "referrer" }];
  expect(await parseOrder(utf8(JSON.stringify({ tags: [{ tag: "v1", digest }], manifests })))).toEqual({
    tags: [{ tag: "v1", digest }],
    manifests: [digest, child, signature],
    referrers: new Set([signature]),
  } as never);
});

test.each([
  ["{}", "nothing is named"],
  [`{"tags":["v1"]}`, "tags has an entry that is none"],
  [`{"tags":[{"tag":"v1"}]}`, "tags has an entry that is none"],
  [`{"tags":[null]}`, "tags has an entry that is none"],
  [`{"manifests":[{"because":"child"}]}`, "manifests has an entry that is none"],
  [`{"repository":true}`, "is none of tags, manifests"],
])("parseOrder() refuses %p", async (text, problem) => {
  expect(await outcome(parseOrder(utf8(text)))).toContain(problem);
});
