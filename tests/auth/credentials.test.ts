import { expect, test } from "bun:test";
import { parseBasic } from "../../src/auth/credentials.ts";

const basic = (text: string | Buffer) => `Basic ${Buffer.from(text).toString("base64")}`;

test.each([
  [basic("alice:secret"), { username: "alice", password: "secret" }],
  [basic("alice:a:b"), { username: "alice", password: "a:b" }],
  [basic(":"), { username: "", password: "" }],
  [basic("ålice:sëcret"), { username: "ålice", password: "sëcret" }],
  [basic("alice:secret").replace("Basic", "bAsIc  "), { username: "alice", password: "secret" }],
  [basic("alice"), undefined],
  [basic(Buffer.from([0xff, 0x3a])), undefined],
  ["Basic", undefined],
  ["Basic !", undefined],
  [`Basic${" ".repeat(60_000)}!`, undefined],
  [basic("alice:secret").replace("Basic", "Bearer"), undefined],
  ["", undefined],
])("parseBasic(%p)", (authorization, want) => {
  expect(parseBasic(authorization)).toEqual(want);
});
