import { traceSuite } from "./trace-suite.ts";

traceSuite("plain");
