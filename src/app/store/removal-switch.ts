// The configuration of a registry whose store carries out deletions that come too late: nothing is taken away there.
import type { Configuration } from "../../config/schema.ts";

/** With deletion and collection switched off. */
export function withoutRemoval(configuration: Configuration): Configuration {
  const { storage, gc, proxy } = configuration;
  return {
    ...configuration,
    storage: { ...storage, delete: { ...storage.delete, enabled: false } },
    gc: { ...gc, isOn: false },
    proxy: proxy && { ...proxy, ...withoutEviction(proxy) },
  };
}

/** What is cached stays for ever. */
function withoutEviction({ main, others }: NonNullable<Configuration["proxy"]>) {
  return {
    ttl: 0,
    maxsize: undefined,
    main: main && { ...main, ttl: 0 },
    others: others.map((other) => ({ ...other, ttl: 0 })),
  };
}
