// The parts of a multipart/byteranges answer, as a client reads them.

/** Content-Range and text of each part; throws where the body is not made as RFC 2046 says. */
export async function partsOf(response: Response): Promise<readonly (readonly [range: string, text: string])[]> {
  const type = response.headers.get("content-type") ?? "";
  const boundary = /^multipart\/byteranges; boundary=([0-9A-Za-z-]{1,70})$/.exec(type)?.[1];
  if (boundary === undefined) throw new Error(`no boundary: ${type}`);
  const text = `\r\n${Buffer.from(await response.arrayBuffer()).toString("latin1")}`;
  const [preamble, ...parts] = text.split(`\r\n--${boundary}`);
  if (preamble !== "" || parts.pop() !== "--\r\n") throw new Error("the body does not begin and end with its boundary");
  return parts.map((part) => {
    const match = /^\r\nContent-Range: ([^\r]+)\r\nContent-Type: application\/octet-stream\r\n\r\n(.*)$/s.exec(part);
    if (match === null) throw new Error(`not a part: ${part.slice(0, 200)}`);
    return [match[1] ?? "", match[2] ?? ""];
  });
}
