// Services that hand out credentials, as the platforms have them.

/** What was sent to them, and their answers by method and address. */
export function platform(answers: Readonly<Record<string, string>>) {
  const sent: { readonly url: string; readonly headers: Headers; readonly body: string }[] = [];
  const send = async (url: string, init: BunFetchRequestInit) => {
    sent.push({ url, headers: new Headers(init.headers as Record<string, string>), body: String(init.body ?? "") });
    const text = answers[`${init.method ?? "GET"} ${url}`];
    return text === undefined ? new Response("none", { status: 404 }) : new Response(text);
  };
  return { send, sent, readFile: async (path: string) => `contents of ${path}\n` };
}

export function json(accessKeyId: string): string {
  return JSON.stringify({
    AccessKeyId: accessKeyId,
    SecretAccessKey: "s",
    Token: "session",
    Expiration: "2026-11-29T18:00:00Z",
  });
}

export function tokenAnswer(accessKeyId: string): string {
  const told = `<AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>session</SessionToken>`;
  const credentials = `<Credentials>${told}<Expiration>2026-11-29T18:00:00Z</Expiration></Credentials>`;
  return `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>${credentials}</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
}
