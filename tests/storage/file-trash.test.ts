import { describeOnDisk } from "./contract.ts";
import { describeTrash } from "./contract-trash.ts";

describeOnDisk(describeTrash);
