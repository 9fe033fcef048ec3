import { expect, test } from "bun:test";
import { selectImages } from "../../../src/app/transfers/select-images.ts";
import { parseCopyOrigin } from "../../../src/transfer/operands.ts";
import { pushImage, stocked } from "../../registry/stocked.ts";
import { placesOf } from "./copying-places.ts";

async function selected(text: string): Promise<readonly string[]> {
  const stock = stocked();
  for (const name of ["team/app", "team/tool", "other"]) {
    for (const tag of ["v1", "v2", "latest"]) await pushImage(stock, name, { tag });
  }
  const origin = parseCopyOrigin(text);
  if ("problem" in origin) throw new Error(origin.problem);
  const selections = await Array.fromAsync(selectImages(origin.value, placesOf(stock)));
  return selections.flatMap(({ name, images }) => images.map(({ tag }) => `${name}:${tag}`));
}

test.each([
  ["team/app", ["team/app:latest"]],
  ["team/app:v1", ["team/app:v1"]],
  ["team/app:v*", ["team/app:v1", "team/app:v2"]],
  ["team/*:v1", ["team/app:v1", "team/tool:v1"]],
  ["**:v2", ["other:v2", "team/app:v2", "team/tool:v2"]],
  [`team/app@sha256:${"0".repeat(64)}`, ["team/app:undefined"]],
])("%p means %p", async (text, want) => {
  expect(await selected(text)).toEqual(want);
});
