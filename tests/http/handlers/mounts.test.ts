import { describe, expect, test } from "bun:test";
import { digestOf, memoryRegistry, pushBlob, summarize, uploadId } from "../memory-registry.ts";

const text = "0123456789";
const digest = digestOf(text);
const sha512 = digestOf(text, "sha512");
const made = ["location", "docker-content-digest"];

describe("POST with mount", () => {
  const mounted = [201, `/v2/b/blobs/${digest}`, digest, ""];
  // The first session is that of the push to a.
  const refused = [202, `/v2/b/blobs/uploads/${uploadId(2)}?_state=open`, null, ""];

  test.each([
    [`mount=${digest}&from=a`, mounted],
    [`mount=${digest}`, mounted],
    [`mount=${digest}&from=`, mounted],
    [`mount=${digest}&from=nowhere`, refused],
    [`mount=${digestOf("missing")}&from=a`, refused],
    [`mount=${digestOf("missing")}`, refused],
    ["mount=sha256:abc&from=a", [400, null, null, "DIGEST_INVALID"]],
    [`mount=${digest}&from=A`, refused],
    [`mount=${digest}&from=localhost:5000/a`, refused],
    [`mount=${digest}&from=../a`, refused],
    [`mount=${digest}&mount=${digest}`, [400, null, null, "UNSUPPORTED"]],
    [`mount=${digest}&from=a&from=a`, [400, null, null, "UNSUPPORTED"]],
  ])("?%s", async (query, want) => {
    const memory = memoryRegistry();
    await pushBlob(memory, "a", text);
    const response = await memory.ask("POST", `/v2/b/blobs/uploads/?${query}`);
    const isThere = (await memory.ask("GET", `/v2/b/blobs/${digest}`)).status;
    expect([...(await summarize(response, ...made)), isThere]).toEqual([...want, want === mounted ? 200 : 404]);
  });

  test("of what is not there opens a session that takes the blob", async () => {
    const { ask } = memoryRegistry();
    const started = await ask("POST", `/v2/b/blobs/uploads/?mount=${sha512}&from=a`);
    const location = started.headers.get("location") ?? "";
    const put = await ask("PUT", `${location}&digest=${sha512}`, { body: text });
    expect([started.status, put.status]).toEqual([202, 201]);
  });
});
