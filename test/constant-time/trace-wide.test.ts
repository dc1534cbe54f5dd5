import { traceSuite } from "./trace-suite.ts";

traceSuite("wide");
