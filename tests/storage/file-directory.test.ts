import { describeOnDisk } from "./contract.ts";
import { describeDirectory } from "./contract-directory.ts";

describeOnDisk(describeDirectory);
