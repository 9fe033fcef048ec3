// Whatever stands in a file or in the environment: a configuration, or a ConfigurationError with readable lines.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { listNodes } from "../../src/config/node.ts";
import { root } from "../../src/config/schema.ts";
import { problemsOf, type Written } from "./written-file.ts";

// Much work for the processor, which others may want as well; what hangs still fails.
const timeLimit = 30_000;

const segments = listNodes(root).flatMap(({ path }) => path.split("."));
const words = ["auth", "s3", "redis", "clientcas", "0", "__proto__", "constructor", "X-A", "", "<<"];
const name = fc.oneof(fc.constantFrom(...segments, ...words), fc.string({ maxLength: 8 }));
const yamlText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(..."[]{}:,-&*!|>'\"#%@`? \n\ta1.".split("")), maxLength: 60 }),
  fc.constantFrom("yes", "30s", ":5000", '["*"]', "{a: [b]}", "*a", "&a [*a]", "!!set {a}", "~", "[", "0.1"),
);

const values = fc.object({ key: name, values: [yamlText, fc.constant(null), fc.integer(), fc.boolean()], maxDepth: 5 });

const variableName = fc
  .array(name, { minLength: 1, maxLength: 6 })
  .map((parts) => `REGISTRY_${parts.join("_").toUpperCase()}`);
const env = fc.dictionary(variableName, yamlText, { maxKeys: 6, noNullPrototype: false });

/** Nothing but a ConfigurationError is thrown, and that one has lines. */
async function expectReadable(written: Written): Promise<void> {
  const problems = await problemsOf(written);
  expect(problems === undefined || (problems.length > 0 && problems.every((line) => /^[^\n]+$/.test(line)))).toEqual(
    true,
  );
}

test(
  "any text as a file",
  async () => {
    await fc.assert(
      fc.asyncProperty(yamlText, (text) => expectReadable({ text: `version: 0.1\n${text}` })),
      { numRuns: 300 },
    );
  },
  timeLimit,
);

test(
  "any values under known and unknown names, with any variables",
  async () => {
    await fc.assert(
      fc.asyncProperty(values, env, (written, variables) =>
        expectReadable({ text: JSON.stringify({ version: "0.1", ...written }), env: variables }),
      ),
      { numRuns: 300 },
    );
  },
  timeLimit,
);

test(
  "any variables without a file",
  async () => {
    await fc.assert(
      fc.asyncProperty(env, (variables) => expectReadable({ env: variables })),
      { numRuns: 300 },
    );
  },
  timeLimit,
);
