// The registries of one run of copies: one client for each host, so that tokens and connections are shared.

import { RegistryApi } from "../../client/registry-api.ts";
import type { Patience } from "../../client/retry.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { RemoteRepository } from "../../transfer/remote-source.ts";
import { readAuthFiles } from "../registries/credential-files.ts";
import { openRegistryClient, type RegistryClientDependencies } from "../registries/open-registry-client.ts";

/** What reaching registries needs. */
export interface RegistriesOptions extends RegistryClientDependencies {
  readonly signal: AbortSignal;
}

/** Registries by their hosts. */
export class Registries {
  readonly #options: RegistriesOptions;
  readonly #apis = new Map<string, Promise<RegistryApi>>();

  constructor(options: RegistriesOptions) {
    this.#options = { authFiles: readAuthFiles(options), ...options };
  }

  /** The API of a registry. */
  api(host: string): Promise<RegistryApi> {
    const known = this.#apis.get(host);
    if (known !== undefined) return known;
    const opening = this.#open(host);
    this.#apis.set(host, opening);
    return opening;
  }

  /** A repository of a registry. */
  async repository(host: string, name: RepositoryName): Promise<RemoteRepository> {
    return { api: await this.api(host), name, patience: this.#patience, now: this.#options.now };
  }

  get #patience(): Patience {
    return { pauseMs: 500, attempts: 5, longestMs: 300_000, signal: this.#options.signal };
  }

  async #open(host: string): Promise<RegistryApi> {
    return new RegistryApi(await openRegistryClient(host, this.#options), this.#patience);
  }
}
