// The logs that are configured.
import type { LoadedConfiguration } from "../../config/load.ts";
import type { Configuration } from "../../config/schema.ts";
import { AccessLog } from "../../log/access-log.ts";
import { LineOutput, type LineStream } from "../../log/line-output.ts";
import { type AdjustableLogger, createLogger, type LogLevel } from "../../log/logger.ts";

/** What the logs need from the process. */
export interface LogDependencies {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where the log goes. */
  readonly logStream: LineStream;
  /** Where the access log goes. */
  readonly accessStream: LineStream;
}

/** The log, and the access log unless that is switched off. */
export interface OpenedLogs {
  readonly logger: AdjustableLogger;
  readonly accessLog: AccessLog | undefined;
}

/** Some thousand lines. */
const maxWaiting = 4 * 1024 * 1024;

/** Opens the logs, and warns about the configuration: at every level, since something else is done than it says. */
export function openLogs(
  { configuration, warnings }: Pick<LoadedConfiguration, "configuration" | "warnings">,
  dependencies: LogDependencies,
): OpenedLogs {
  const { now, logStream, accessStream } = dependencies;
  const { formatter: format, fields, accesslog } = configuration.log;
  const outputTo = (stream: LineStream, what: string) =>
    new LineOutput({
      stream,
      maxWaiting,
      onDropped: (count) => logger.warn(`lines of the ${what} were dropped, since nobody read on`, { count }),
    });
  const log = outputTo(logStream, "log");
  const logger = createLogger({ level: "warn", format, fields, write: (line) => log.write(line), now });
  for (const warning of warnings) logger.warn(warning);
  logger.setLevel(levelOf(configuration));
  if (accesslog.disabled) return { logger, accessLog: undefined };
  const access = outputTo(accessStream, "access log");
  return { logger, accessLog: new AccessLog({ write: (line) => access.write(line), now }) };
}

/** `log.level`, or its older spelling. */
export function levelOf({ log, loglevel }: Configuration): LogLevel {
  return log.level ?? loglevel;
}
