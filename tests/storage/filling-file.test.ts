import { expect, test } from "bun:test";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Content, contentOf, readContent } from "../../src/lib/content.ts";
import { FillingFile } from "../../src/storage/filling-file.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Content whose pieces come when the test lets them. */
function slowly(text: string) {
  const steps: PromiseWithResolvers<void>[] = [];
  const whole = contentOf(new Blob([text]));
  const wait = async () => {
    const step = Promise.withResolvers<void>();
    steps.push(step);
    await step.promise;
  };
  const content: Content = {
    sizeBytes: text.length,
    stream: async function* () {
      for (const character of text) {
        await wait();
        yield new TextEncoder().encode(character);
      }
    },
    slice: (start, end) => whole.slice(start, end),
    body: () => whole.body(),
  };
  const next = async (outcome?: Error) => {
    while (steps.length === 0) await Bun.sleep(1);
    const step = steps.shift();
    if (outcome === undefined) step?.resolve();
    else step?.reject(outcome);
  };
  return { content, next };
}

async function filling(text: string) {
  const directory = temporaryDirectory();
  const handle = await open(join(directory.path, "file"), "ax+");
  const { content, next } = slowly(text);
  const seen: string[] = [];
  const update = (bytes: Uint8Array) => seen.push(new TextDecoder().decode(bytes));
  const finish = async () => contentOf(new Blob([text.toUpperCase()]));
  const file = new FillingFile({ handle, source: content, update, finish });
  return { file, next, seen, handle, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

const textOf = async (content: Content) => new TextDecoder().decode(await readContent(content));

test("readers get what is there, then what comes, each at its own pace", async () => {
  using made = await filling("abcd");
  const { file, next, seen } = made;
  const filled = file.fill();
  await next();
  await next();
  const [one, other] = [textOf(file.content()), textOf(file.content().slice(1, 3))];
  await next();
  expect(await other).toBe("bc");
  await next();
  expect([await one, seen]).toEqual(["abcd", ["a", "b", "c", "d"]]);
  await filled;
});

test("once it is full, it is read in its place", async () => {
  using made = await filling("ab");
  const { file, next } = made;
  const [filled, content] = [file.fill(), file.content()];
  await next();
  await next();
  await filled;
  expect([await textOf(content), await new Response(content.body()).text(), file.kept?.sizeBytes]).toEqual([
    "AB",
    "AB",
    2,
  ]);
});

test("if filling fails, readers go on from the source", async () => {
  using made = await filling("abcd");
  const { file, next } = made;
  const filled = file.fill();
  filled.catch(() => {});
  await next();
  const reading = new Response(file.content().body()).text();
  await next(new Error("cut"));
  await expect(filled).rejects.toThrow("cut");
  expect([await reading, await textOf(file.content()), file.kept]).toEqual(["abcd", "abcd", undefined]);
});

test("the file is closed when nobody reads it any more", async () => {
  using made = await filling("ab");
  const { file, next, handle } = made;
  const filled = file.fill();
  await next();
  const reader = file.read(0, 2);
  await reader.next();
  await next();
  await filled;
  expect(handle.fd).toBeGreaterThan(-1);
  await reader.return(undefined);
  expect(handle.fd).toBe(-1);
});

test("who begins far behind what is there reads from the source", async () => {
  using made = await filling("aa");
  const { file, handle } = made;
  const far = file.read(9 * 1024 * 1024, 9 * 1024 * 1024 + 1);
  expect((await far.next()).done).toBe(true);
  await handle.close();
});
