import { describeOnDisk } from "./contract.ts";
import { describeObjects } from "./contract-objects.ts";

describeOnDisk(describeObjects);
