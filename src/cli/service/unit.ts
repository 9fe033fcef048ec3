// The text of the systemd unit: packaging/registry.service, and what `registry service install` writes. Pure.
import { formatCommandLine, formatPath, formatWholePath, parseCommandLine } from "./unit-words.ts";

/** What a unit says of the one service that it starts. */
export interface UnitFacts {
  /** For the service manager of a user, which starts it as that user. */
  readonly isUser: boolean;
  /** The executable and its arguments. */
  readonly command: readonly string[];
  readonly dataDirectory: string;
  /** Whether that is a symbolic link, which StateDirectory= does not follow. */
  readonly isDataLinked: boolean;
  /** What else it writes to. */
  readonly otherDirectories: readonly string[];
  /** Whether it listens on a port that only root may take. */
  readonly hasLowPort: boolean;
  /** In which uploads in flight are finished. */
  readonly drainTimeoutMs: number;
}

/** The directory that systemd itself makes for the service. */
export const stateDirectory = "/var/lib/registry";

/** The account of the service. */
export const serviceAccount = "registry";

const mark = "# Written by `registry service install`";

/** Whether the text is that of a unit that this program has written. */
export function isOwnUnit(text: string): boolean {
  return text.startsWith(mark);
}

/** The command that a unit of ours starts; undefined if that was changed to something that we do not write. */
export function readCommand(unit: string): readonly string[] | undefined {
  const lines = [...unit.matchAll(/^ExecStart=(.*)$/gm)];
  return lines.length === 1 ? parseCommandLine(lines[0]?.[1] ?? "") : undefined;
}

/** The unit. */
export function formatUnit(facts: UnitFacts): string {
  return `${[formatHead(facts), formatService(facts), formatInstall(facts)].join("\n\n")}\n`;
}

function formatHead({ isUser }: UnitFacts): string {
  const network = "\nWants=network-online.target\nAfter=network-online.target";
  const [sudo, flag] = isUser ? ["", " --user"] : ["sudo ", ""];
  return `${mark}, which writes it anew when it is run again.
# \`${sudo}registry service uninstall${flag}\` takes it away.
#
# Changes of your own go beside it with \`${sudo}systemctl${flag} edit registry\`, such as below [Service]
#   Environment=REGISTRY_LOG_LEVEL=debug

[Unit]
Description=Container registry${isUser ? "" : network}`;
}

function formatService(facts: UnitFacts): string {
  const { command, dataDirectory, drainTimeoutMs, isUser } = facts;
  return `[Service]
Type=notify
ExecStart=${formatCommandLine(command)}
ExecReload=/bin/kill -HUP $MAINPID
# A process that hangs for this long, such as on a disk that no longer answers, is started again.
WatchdogSec=120s
Restart=on-failure
RestartSec=5s
# Longer than http.draintimeout, in which uploads in flight are finished.
TimeoutStopSec=${Math.ceil(drainTimeoutMs / 1000) + stopMarginSeconds}s
LimitNOFILE=524288
# A worker for which memory does not suffice is started again by the registry itself.
OOMPolicy=continue

${isUser ? "" : `${formatAccount(facts)}\n`}WorkingDirectory=${formatWholePath(dataDirectory)}
UMask=0077

# Variables that would make the executable run other code than its own, weaken its TLS, or print credentials.
UnsetEnvironment=BUN_BE_BUN BUN_OPTIONS BUN_INSPECT BUN_INSPECT_CONNECT_TO BUN_INSPECT_PRELOAD NODE_OPTIONS
UnsetEnvironment=NODE_TLS_REJECT_UNAUTHORIZED BUN_CONFIG_VERBOSE_FETCH

${isUser ? limitsWithoutRoot : formatLimits(facts)}`;
}

const stopMarginSeconds = 30;

function formatAccount({ dataDirectory, isDataLinked, otherDirectories }: UnitFacts): string {
  const isState = dataDirectory === stateDirectory && !isDataLinked;
  const written = isState ? otherDirectories : [dataDirectory, ...otherDirectories];
  return [
    "# A user of its own that stays, rather than DynamicUser=: that would move the data to /var/lib/private, which fails",
    "# where /var/lib/registry is a disk of its own, and would leave no user to run other `registry` commands as.",
    `User=${serviceAccount}`,
    `Group=${serviceAccount}`,
    ...(isState ? ["StateDirectory=registry", "StateDirectoryMode=0750"] : []),
    ...written.map((path) => `ReadWritePaths=${formatPath(path)}`),
  ].join("\n");
}

/** What the service manager of any user can do, without the rights of root. */
const limitsWithoutRoot = `# MemoryDenyWriteExecute= is left out: it would switch off the compiler of the JavaScript engine.
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
# AF_NETLINK tells the addresses of this machine, which its certificate names.
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM`;

function formatLimits({ hasLowPort }: UnitFacts): string {
  const capability = hasLowPort ? "CAP_NET_BIND_SERVICE" : "";
  return `# It reads the system, writes its data, and talks over the network; nothing else.
CapabilityBoundingSet=${capability}
AmbientCapabilities=${capability}
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
${hasLowPort ? "# In a user namespace of its own it could not take a port below 1024.\nPrivateUsers=no" : "PrivateUsers=yes"}
PrivateIPC=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
KeyringMode=private
RemoveIPC=yes

${limitsWithoutRoot}`;
}

function formatInstall({ isUser }: UnitFacts): string {
  return `[Install]\nWantedBy=${isUser ? "default.target" : "multi-user.target"}`;
}
