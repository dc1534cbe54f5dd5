export { LanelockError, type LanelockErrorCode } from "./errors.ts";
