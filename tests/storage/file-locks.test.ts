import { describeOnDisk } from "./contract.ts";
import { describeLocks } from "./contract-locks.ts";

describeOnDisk(describeLocks);
