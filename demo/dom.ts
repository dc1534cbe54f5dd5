/** Elements are made as the console makes them: text is text, never markup. */
export { type Attributes, byId, type Child, el, svg } from "../src/server/console/page/dom.ts";
