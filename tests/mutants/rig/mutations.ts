// The small mistakes that a test should notice: where each can be made in a source, and what it puts there.
import { parseSync } from "oxc-parser";

/** One mistake. */
export interface Mutant {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/** What the syntax tree has in each place; the fields depend on the type. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Puts other text in the place of a node. */
interface Change {
  readonly node: Node;
  readonly after: string;
}

type TextOf = (node: Node) => string;

/** Every mistake this program knows to make in a source, in the order of the places. */
export function findMutants(path: string, source: string): readonly Mutant[] {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const textOf: TextOf = ({ start, end }) => source.slice(start, end);
  return [...walk(program as unknown as Node)]
    .flatMap((node) => changesOf(node, textOf))
    .map(({ node, after }) => ({
      path,
      line: source.slice(0, node.start).split("\n").length,
      start: node.start,
      end: node.end,
      before: textOf(node),
      after,
    }))
    .sort((one, other) => one.start - other.start);
}

/** The source with this mistake in it. */
export function applyMutant(source: string, { start, end, after }: Mutant): string {
  return source.slice(0, start) + after + source.slice(end);
}

/** The node and all below it but types, which do nothing when the program runs. */
function* walk(node: Node): Generator<Node> {
  const isType = node.type.startsWith("TS") && !("expression" in node);
  if (isType || node.type === "ImportDeclaration") return;
  // The default of a parameter mostly satisfies the compiler.
  if (node.type === "AssignmentPattern") return void (yield* walk(node.left as Node));
  yield node;
  for (const child of Object.values(node).flat()) if (isNode(child)) yield* walk(child);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

const field = (node: Node, name: string): Node | undefined => (isNode(node[name]) ? node[name] : undefined);

function changesOf(node: Node, textOf: TextOf): readonly Change[] {
  switch (node.type) {
    case "IfStatement":
    case "ConditionalExpression":
      return replace(field(node, "test"), "true", "false");
    case "WhileStatement":
      return replace(field(node, "test"), "false");
    case "BinaryExpression":
      return replace(node, ...otherOperators(node, textOf));
    case "LogicalExpression":
      return replace(node, ...otherOperators(node, textOf));
    case "UnaryExpression":
      return node.operator === "!" ? replace(node, textOf(field(node, "argument") ?? node)) : [];
    case "ExpressionStatement":
      return isCall(field(node, "expression")) ? replace(node, ";") : [];
    case "Literal":
      return replace(node, ...otherLiterals(node.value));
    case "VariableDeclarator":
      return isBound(node) ? replace(field(node, "init"), "Number.POSITIVE_INFINITY") : [];
    case "MemberExpression":
      return replace(field(node, "property"), ...otherMethods(node, textOf));
    default:
      return [];
  }
}

function replace(node: Node | undefined, ...texts: readonly string[]): readonly Change[] {
  return node === undefined ? [] : texts.map((after) => ({ node, after }));
}

const opposites: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "&&": "||",
  "||": "&&",
};

/**
 * The same with the opposite operator; of `a ?? b` the left side alone. A `+` beside a text joins texts, and `?? ""` is
 * mostly there for the compiler, which does not know that an index is one of the array's.
 */
function otherOperators(node: Node, textOf: TextOf): readonly string[] {
  const sides = [field(node, "left"), field(node, "right")].filter((side) => side !== undefined);
  const [left = "", right = ""] = sides.map(textOf);
  if (node.operator === "??") return sides[1]?.type === "Literal" ? [] : [`(${left})`];
  const joinsTexts = sides.some((side) => side.type === "TemplateLiteral" || typeof side.value === "string");
  const other = opposites[String(node.operator)];
  return other === undefined || (node.operator === "+" && joinsTexts) ? [] : [`(${left}) ${other} (${right})`];
}

function otherLiterals(value: unknown): readonly string[] {
  if (typeof value === "boolean") return [String(!value)];
  return value === 0 ? ["1"] : value === 1 ? ["0"] : [];
}

/** A call that is a statement of its own: nobody sees what it returns. */
function isCall(node: Node | undefined): boolean {
  const called = node?.type === "AwaitExpression" ? field(node, "argument") : node;
  return called?.type === "CallExpression" && field(called, "callee")?.type !== "Super";
}

/** `const maxEntries = 100`: how many there may be. */
function isBound(node: Node): boolean {
  const name = field(node, "id")?.name;
  return typeof name === "string" && /^max[A-Z]/.test(name) && field(node, "init") !== undefined;
}

const methods = new Map([
  ["min", "max"],
  ["max", "min"],
  ["some", "every"],
  ["every", "some"],
]);

function otherMethods(node: Node, textOf: TextOf): readonly string[] {
  const property = field(node, "property");
  const other = property === undefined || node.computed === true ? undefined : methods.get(textOf(property));
  return other === undefined ? [] : [other];
}
