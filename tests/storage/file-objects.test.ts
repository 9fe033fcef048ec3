import { describeOnDisk } from "./contract.ts";
import { describeDirectoryObjects } from "./contract-directory-objects.ts";
import { describeObjects } from "./contract-objects.ts";

describeOnDisk(describeObjects);
describeOnDisk(describeDirectoryObjects);
