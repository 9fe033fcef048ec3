import { expect, test } from "bun:test";
import { nodeDns, nodeHttp, nodeHttps, nodeTls, nodeZlib } from "../../src/lib/late-modules.ts";

test("each is the module of that name", () => {
  const found = [nodeHttp().get, nodeHttps().get, nodeTls().connect, nodeZlib().gzipSync, nodeDns().lookup];
  expect(found.map((each) => typeof each)).toEqual(Array(5).fill("function"));
});
