// Whether requests to other machines go through a proxy, by the usual variables, which the runtime obeys.

/** Whether a proxy is configured for the scheme; whether NO_PROXY excludes a host is the runtime's business. */
export function usesProxy(env: Readonly<Record<string, string | undefined>>, protocol: string): boolean {
  const names = protocol === "https:" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"];
  return names.some((name) => (env[name] ?? "") !== "");
}
