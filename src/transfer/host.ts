// Hosts of registries: how they are written, and where their API is. Pure.

/** What people call Docker Hub, and where its API is. */
const dockerHub = "docker.io";
const dockerHubNames: readonly string[] = [
  dockerHub,
  "index.docker.io",
  "registry-1.docker.io",
  "registry.hub.docker.com",
];
const dockerHubApi = "registry-1.docker.io";

const hostPattern = /^(?:\[[0-9a-fA-F:.]{2,45}\]|[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,253}))(?::\d{1,5})?$/;

/** Whether the text can be a host, with a port or without. */
export function isHost(text: string): boolean {
  return hostPattern.test(text) && URL.canParse(`https://${text}/`);
}

/** One name for one registry: lower case, "docker.io" for Docker Hub. */
export function normalizeHost(text: string): string {
  const host = text.toLowerCase();
  return dockerHubNames.includes(host) ? dockerHub : host;
}

/** Where the API of a registry is, below https:// or http://. */
export function apiHost(host: string): string {
  return host === dockerHub ? dockerHubApi : host;
}
