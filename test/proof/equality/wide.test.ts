import { proveBuild } from "./build.ts";

proveBuild("wide");
