// What becomes of the body of a request, and of its framing.
import type { Chance } from "../crash/rig/chance.ts";
import { spliceText, words } from "./odd-words.ts";
import type { RawRequest } from "./raw-request.ts";

/** A length that is right again, or wrong by a little. */
function withLength(request: RawRequest, length: number): RawRequest {
  const others = request.fields.filter(([name]) => !/^(content-length|transfer-encoding)$/i.test(name));
  return { ...request, fields: [...others, ["Content-Length", String(length)]] };
}

function rechunk(body: string, chance: Chance): string {
  const oddSizes = ["-1", "0x1", "fffffffff", "", " 1", "1 ", "+1", "1;a=b", '1;a="\n"', "g"];
  let chunks = "";
  for (let rest = body; rest !== ""; ) {
    const size = chance.between(1, Math.min(rest.length, 500));
    const text = chance.happens(0.02) ? chance.pick(oddSizes) : size.toString(16);
    chunks += `${text}${chance.happens(0.05) ? ";name=value" : ""}\r\n${rest.slice(0, size)}\r\n`;
    rest = rest.slice(size);
  }
  return `${chunks}0\r\n${chance.happens(0.1) ? "X-Trailer: 1\r\n" : ""}\r\n`;
}

const bendJson = (text: string, chance: Chance): string => {
  const deep = chance.between(1, 5000);
  const ways = [
    () => text.replaceAll(/\d+/g, (number) => (chance.happens(0.3) ? chance.pick(words) : number)),
    () => text.replaceAll(/"[^"]*"/g, (found) => (chance.happens(0.1) ? JSON.stringify(chance.pick(words)) : found)),
    () =>
      text.replace(
        "{",
        `{"${chance.pick(["schemaVersion", "mediaType", "config", "layers", "subject"])}":${chance.pick(words)},`,
      ),
    () => text.replace(/[[{]/, (bracket) => bracket + "[".repeat(deep) + "]".repeat(deep)),
    () => `${text}${text}`,
    () => text.replaceAll(/[0-9a-f]{64}/g, (hex) => (chance.happens(0.3) ? hex.toUpperCase() : hex)),
  ];
  return chance.pick(ways)();
};

/** Bends the body, and frames it well or badly. */
export function bendBody(request: RawRequest, chance: Chance): RawRequest {
  const { body } = request;
  const ways = {
    cut: () => body.slice(0, chance.below(body.length + 1)),
    longer: () => body + chance.pick(words).repeat(chance.between(1, 50)),
    spliced: () => spliceText(body, chance, chance.pick(words)),
    json: () => bendJson(body, chance),
    random: () => Buffer.from(chance.bytes(chance.between(0, 2000))).toString("latin1"),
    same: () => body,
  };
  const bent = ways[chance.weigh({ cut: 1, longer: 1, spliced: 1, json: 3, random: 1, same: 1 })]();
  const changed = { ...request, body: bent };
  const framing = chance.weigh({ right: 5, kept: 1, wrong: 1, chunked: 3, both: 1 });
  if (framing === "kept") return changed;
  if (framing === "right") return withLength(changed, bent.length);
  if (framing === "wrong") return withLength(changed, Math.max(0, bent.length + chance.between(-5, 5)));
  const { fields } = framing === "both" ? withLength(changed, bent.length) : withLength(changed, 0);
  const rest = framing === "both" ? fields : fields.filter(([name]) => name !== "Content-Length");
  return { ...request, fields: [...rest, ["Transfer-Encoding", "chunked"]], body: rechunk(bent, chance) };
}
